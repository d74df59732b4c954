environment = "production"
account_id  = "333333333333"

regions = {
  eu-west-1 = {}
  eu-west-2 = { slack_channel = "platform-production" }
}
