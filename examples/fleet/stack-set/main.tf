# The same stack by CloudFormation, in every account of an organisational unit: accounts that join it get it by themselves. It is
# applied in the organisation's management account, after `asg-recycle publish` to each region's bucket. A stack set for each region,
# because Lambda reads the handler's zip in its own region only.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.0"
    }
  }
}

variable "environment" {
  description = "The environment that the accounts belong to."
  type        = string
}

variable "organizational_unit_ids" {
  description = "Whose accounts get a stack."
  type        = set(string)
}

variable "template_urls" {
  description = "Where the published template is, by the region that it deploys to."
  type        = map(string)
}

variable "parameters" {
  description = "Values of the template's other parameters, by their names; empty text is what platform.yaml says."
  type        = map(string)
  default     = {}
}

locals {
  # AWS tells every parameter that a stack set's template has, and the provider compares them all: one that is left to its default
  # would be a change in every plan. The rendering beside this folder has the parameters of what was published of it, but for those
  # that say where the zip is. Defaults are empty text, by which the template's own value holds after every upgrade.
  declared = yamldecode(file("${path.module}/../out/cloudformation/template.yaml")).Parameters
  defaults = {
    for name, parameter in local.declared : name => tostring(lookup(parameter, "Default", ""))
    if !startswith(name, "HandlerS3")
  }
}

provider "aws" {
  region = keys(var.template_urls)[0]
}

resource "aws_cloudformation_stack_set" "platform" {
  for_each = var.template_urls
  region   = each.key

  name             = "platform-${var.environment}"
  permission_model = "SERVICE_MANAGED"
  capabilities     = ["CAPABILITY_NAMED_IAM"]
  template_url     = each.value

  parameters = merge(local.defaults, var.parameters, { Environment = var.environment })

  auto_deployment {
    enabled                          = true
    retain_stacks_on_account_removal = false
  }
}

resource "aws_cloudformation_stack_instances" "platform" {
  for_each = aws_cloudformation_stack_set.platform
  region   = each.key

  stack_set_name = each.value.name
  regions        = [each.key]

  deployment_targets {
    organizational_unit_ids = var.organizational_unit_ids
  }
}
