#!/usr/bin/env python3
"""An account of an emulated AWS, looked at and prepared: `account.py URL look BUCKET TABLE` prints what is there, `prepare` makes
what somebody might have made before."""

import json
import sys

import boto3
from botocore.exceptions import ClientError

url, command, *names = sys.argv[1:]
common = dict(endpoint_url=url, aws_access_key_id="key", aws_secret_access_key="secret")
s3 = boto3.client("s3", region_name="eu-west-2", **common)
dynamodb = boto3.client("dynamodb", region_name="eu-west-2", **common)


def of(call, *keys, **arguments):
    """What a call answers, along these keys; nothing where it answers with an error."""
    try:
        answer = call(**arguments)
    except ClientError:
        return None
    for key in keys:
        answer = answer.get(key) if isinstance(answer, dict) else answer[key]
    return answer


def look(bucket, table):
    rule = ("ServerSideEncryptionConfiguration", "Rules", 0, "ApplyServerSideEncryptionByDefault", "SSEAlgorithm")
    policy = of(s3.get_bucket_policy, "Policy", Bucket=bucket)
    blocked = of(s3.get_public_access_block, "PublicAccessBlockConfiguration", Bucket=bucket)
    return {
        "region": of(s3.get_bucket_location, "LocationConstraint", Bucket=bucket),
        "versioning": of(s3.get_bucket_versioning, "Status", Bucket=bucket),
        "encryption": of(s3.get_bucket_encryption, *rule, Bucket=bucket),
        "is_public_access_blocked": blocked is not None and all(blocked.values()),
        "policy": policy and json.loads(policy),
        "table_key": of(dynamodb.describe_table, "Table", "KeySchema", TableName=table),
    }


def prepare():
    place = {"LocationConstraint": "eu-west-2"}
    s3.create_bucket(Bucket="grown", CreateBucketConfiguration=place)
    s3.put_bucket_versioning(Bucket="grown", VersioningConfiguration={"Status": "Suspended"})
    kms = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/own"}}]}
    s3.put_bucket_encryption(Bucket="grown", ServerSideEncryptionConfiguration=kms)
    statement = {"Sid": "Own", "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": "arn:aws:s3:::grown"}
    s3.put_bucket_policy(Bucket="grown", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    other = boto3.client("s3", region_name="eu-west-1", **common)
    other.create_bucket(Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    key = [{"AttributeName": "name", "KeyType": "HASH"}]
    names = [{"AttributeName": "name", "AttributeType": "S"}]
    dynamodb.create_table(TableName="locks", KeySchema=key, AttributeDefinitions=names, BillingMode="PAY_PER_REQUEST")
    return "prepared"


print(json.dumps(look(*names) if command == "look" else prepare()))
