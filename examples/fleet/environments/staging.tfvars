environment = "staging"
account_id  = "222222222222"

regions = {
  eu-west-1 = {}
  eu-west-2 = { slack_channel = "platform-staging" }
}
