# Plans the stack sets without an account: `terraform test` in this folder, with Terraform 1.7 or newer.

mock_provider "aws" {}

run "each_region_has_a_stack_set_of_its_own" {
  command = plan

  variables {
    environment             = "production"
    organizational_unit_ids = ["ou-abcd-12345678"]
    template_urls = {
      eu-west-1 = "https://artefacts-example-eu-west-1.s3.eu-west-1.amazonaws.com/platform/0.1.0/template.yaml"
      eu-west-2 = "https://artefacts-example-eu-west-2.s3.eu-west-2.amazonaws.com/platform/0.1.0/template.yaml"
    }
  }

  assert {
    condition     = keys(aws_cloudformation_stack_instances.platform) == ["eu-west-1", "eu-west-2"]
    error_message = "A region is missing."
  }

  # What the provider reads back is every parameter of the template: a plan without changes has given each.
  assert {
    condition = alltrue([
      for set in aws_cloudformation_stack_set.platform :
      setsubtract(keys(local.declared), keys(set.parameters)) == toset(["HandlerS3Bucket", "HandlerS3Key"])
    ])
    error_message = "A parameter of the template is left out, and would be a change in every plan."
  }

  assert {
    condition     = aws_cloudformation_stack_set.platform["eu-west-2"].parameters.LogLevel == "" && aws_cloudformation_stack_set.platform["eu-west-2"].parameters.Environment == "production"
    error_message = "A parameter has another value than it is to have."
  }

  assert {
    condition     = alltrue([for region, instances in aws_cloudformation_stack_instances.platform : instances.regions == toset([region])])
    error_message = "A stack set deploys to another region than its own, which its zip is not in."
  }
}
