// The peer of `generate` in `benches/commands.rs`: a stack of the same kinds of resources and about as many, with the same definition.
// It leaves out most properties and permissions, so it has less to do.
const cdk = require('aws-cdk-lib');
const { aws_cloudwatch: cw, aws_dynamodb: dynamodb, aws_events: events, aws_events_targets: targets, aws_iam: iam, aws_kms: kms, aws_lambda: lambda, aws_lambda_event_sources: sources, aws_logs: logs, aws_sns: sns, aws_sqs: sqs, aws_stepfunctions: sfn } = require('aws-cdk-lib');
const path = require('path');
const out = process.env.GENERATED;

class Recycle extends cdk.Stack {
  constructor(scope, id) {
    super(scope, id, { synthesizer: new cdk.DefaultStackSynthesizer({ generateBootstrapVersionRule: false }) });
    const key = new kms.Key(this, 'Key', { enableKeyRotation: true, alias: 'webops-recycle' });
    const dead = new sqs.Queue(this, 'Dead', { encryptionMasterKey: key, enforceSSL: true, retentionPeriod: cdk.Duration.days(14) });
    const queue = new sqs.Queue(this, 'Events', { encryptionMasterKey: key, enforceSSL: true, visibilityTimeout: cdk.Duration.seconds(360), deadLetterQueue: { queue: dead, maxReceiveCount: 5 } });
    const topic = new sns.Topic(this, 'Topic', { masterKey: key, enforceSSL: true });
    const table = new dynamodb.Table(this, 'Locks', { partitionKey: { name: 'auto_scaling_group_name', type: dynamodb.AttributeType.STRING }, billingMode: dynamodb.BillingMode.PAY_PER_REQUEST, encryptionKey: key, pointInTimeRecovery: true, deletionProtection: true });
    const handlerLogs = new logs.LogGroup(this, 'HandlerLogs', { retention: 90, encryptionKey: key });
    const machineLogs = new logs.LogGroup(this, 'MachineLogs', { retention: 90, encryptionKey: key });
    const machine = new sfn.StateMachine(this, 'Machine', { definitionBody: sfn.DefinitionBody.fromString(require('fs').readFileSync(path.join(out, 'state_machine.asl.json'), 'utf8')), definitionSubstitutions: { topic_arn: topic.topicArn, lock_table_name: table.tableName, notifier_function_arn: '', runbook_url: '', environment: 'production' }, logs: { destination: machineLogs, level: sfn.LogLevel.ERROR }, tracingEnabled: true });
    machine.addToRolePolicy(new iam.PolicyStatement({ actions: ['autoscaling:Describe*', 'ec2:Describe*', 'elasticloadbalancing:Describe*', 'cloudwatch:DescribeAlarms'], resources: ['*'] }));
    machine.addToRolePolicy(new iam.PolicyStatement({ actions: ['autoscaling:UpdateAutoScalingGroup', 'autoscaling:TerminateInstanceInAutoScalingGroup', 'autoscaling:SuspendProcesses', 'autoscaling:ResumeProcesses'], resources: ['*'], conditions: { Null: { 'aws:ResourceTag/autorecycle_recycle_on_asg_update': 'false' } } }));
    table.grantReadWriteData(machine);
    topic.grantPublish(machine);
    const handler = new lambda.Function(this, 'Handler', { runtime: lambda.Runtime.PROVIDED_AL2023, handler: 'bootstrap', architecture: lambda.Architecture.X86_64, memorySize: 256, timeout: cdk.Duration.seconds(60), code: lambda.Code.fromAsset(path.join(out, 'handler.zip')), logGroup: handlerLogs, tracing: lambda.Tracing.ACTIVE, environment: { STATE_MACHINE: 'webops-recycle' }, environmentEncryption: key });
    machine.grantStartExecution(handler);
    topic.grantPublish(handler);
    handler.addEventSource(new sources.SqsEventSource(queue, { batchSize: 10, maxConcurrency: 2, reportBatchItemFailures: true }));
    const rules = ['changes', 'maintenance', 'executions'].map((name) => new events.Rule(this, name, { eventPattern: { source: ['aws.autoscaling'], detail: { eventName: ['UpdateAutoScalingGroup'] } }, targets: [new targets.SqsQueue(queue, { deadLetterQueue: dead })] }));
    const metrics = [handler.metricErrors(), handler.metricThrottles(), handler.metricDuration(), queue.metricApproximateAgeOfOldestMessage(), dead.metricApproximateNumberOfMessagesVisible(), machine.metricFailed(), machine.metricTimedOut(), machine.metricAborted(), machine.metricThrottled(), topic.metricNumberOfNotificationsFailed(),
      ...rules.flatMap((rule) => ['FailedInvocations', 'InvocationsFailedToBeSentToDlq'].map((metricName) => new cw.Metric({ namespace: 'AWS/Events', metricName, dimensionsMap: { RuleName: rule.ruleName } })))];
    for (const name of ['notifications-refused', 'locks-failed']) {
      const filter = new logs.MetricFilter(this, `Filter-${name}`, { logGroup: machineLogs, metricNamespace: 'AsgRecycle', metricName: name, filterPattern: logs.FilterPattern.literal('{ $.type = "TaskFailed" }') });
      metrics.push(filter.metric());
    }
    while (metrics.length < 20) metrics.push(new cw.Metric({ namespace: 'AWS/DynamoDB', metricName: `Metric${metrics.length}` }));
    metrics.forEach((metric, index) => new cw.Alarm(this, `Alarm${index}`, { metric, threshold: 1, evaluationPeriods: 1 }));
    new cdk.CfnOutput(this, 'StateMachineArn', { value: machine.stateMachineArn });
  }
}
const app = new cdk.App();
new Recycle(app, 'webops-recycle');
app.synth();
