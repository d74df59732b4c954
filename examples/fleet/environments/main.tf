# An environment: its account, in every region of it. One state for each environment, one provider for all its regions; the
# account is another than the one whose credentials run this. README.md has the commands.

terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }

  backend "s3" {
    use_lockfile = true
  }
}

variable "environment" {
  description = "The environment that is deployed."
  type        = string
}

variable "account_id" {
  description = "The environment's account."
  type        = string
}

variable "regions" {
  description = "What each region has of its own, by the region's name."
  type = map(object({
    slack_channel = optional(string)
  }))
}

provider "aws" {
  region              = keys(var.regions)[0]
  allowed_account_ids = [var.account_id]

  assume_role {
    role_arn = "arn:aws:iam::${var.account_id}:role/deploy-platform"
  }
}

module "asg_recycle" {
  source   = "../out/terraform"
  for_each = var.regions

  region        = each.key
  environment   = var.environment
  slack_channel = each.value.slack_channel
}

output "topic_arns" {
  description = "ARN of each region's topic, for whoever wants to hear of recycles and alarms."
  value       = { for region, stack in module.asg_recycle : region => stack.topic_arn }
}

output "prefixes" {
  description = "What the names of each region's stack begin with."
  value       = { for region, stack in module.asg_recycle : region => stack.prefix }
}

output "lock_table_arns" {
  description = "ARN of each region's table of locks."
  value       = { for region, stack in module.asg_recycle : region => stack.lock_table_arn }
}
