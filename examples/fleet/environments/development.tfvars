environment = "development"
account_id  = "111111111111"

regions = {
  eu-west-1 = {}
  eu-west-2 = { slack_channel = "platform-development" }
}
