# Plans two environments without an account: `terraform test` in this folder, with Terraform 1.7 or newer.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = {
      account_id = "333333333333"
    }
  }

  mock_data "aws_partition" {
    defaults = {
      partition = "aws"
    }
  }
}

variables {
  account_id = "333333333333"
  regions    = { eu-west-1 = {}, eu-west-2 = { slack_channel = "platform-live" } }
}

run "production_is_in_both_regions" {
  command = plan

  variables {
    environment = "production"
  }

  assert {
    condition     = output.prefixes == { eu-west-1 = "platform-production", eu-west-2 = "platform-production" }
    error_message = "Names of production: ${jsonencode(output.prefixes)}."
  }

  assert {
    condition = output.lock_table_arns == {
      eu-west-1 = "arn:aws:dynamodb:eu-west-1:333333333333:table/asg-recycle-locks"
      eu-west-2 = "arn:aws:dynamodb:eu-west-2:333333333333:table/asg-recycle-locks"
    }
    error_message = "Each region has a table of its own: ${jsonencode(output.lock_table_arns)}."
  }
}

run "staging_is_another_deployment_of_the_same_rendering" {
  command = plan

  variables {
    environment = "staging"
  }

  assert {
    condition     = output.prefixes == { eu-west-1 = "platform-staging", eu-west-2 = "platform-staging" }
    error_message = "Names of staging: ${jsonencode(output.prefixes)}."
  }
}
