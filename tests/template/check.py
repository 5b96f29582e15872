"""Checks template.yaml more deeply than `sam validate --lint` does.

The linter looks at the SAM template, where much is hidden: a misspelled event path, a policy or
runtime that does not exist and a dangling GetAtt get through. So the template is expanded to what
CloudFormation will see (the SAM translator does it offline), and that is linted. What no linter
minds and Kith does is asserted here.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from cfnlint.decode import cfn_yaml
from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform

TEMPLATE = Path(__file__).parents[2] / "template.yaml"


class NoPolicies(ManagedPolicyLoader):
    """The template names no managed policy, so there is no account to ask for theirs."""

    def __init__(self):
        super().__init__(None)
        self._policy_map = {}


def expand():
    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")
    template = json.loads(json.dumps(cfn_yaml.load(str(TEMPLATE))))
    # The translator wants a bucket where `sam package` would have put the code.
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
    given = {"Stage": "prod", "AllowedOrigins": ["https://kith.example"]}
    parameters = {name: given.get(name, p.get("Default")) for name, p in template["Parameters"].items()}
    return transform(template, parameters, NoPolicies())


def lint(template):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(template, file, indent=1)
        file.flush()
        linter = Path(sys.executable).parent / "cfn-lint"
        command = [linter, "--template", file.name, "--regions", "eu-central-1"]
        # The translator has put some parameters' values in their place already.
        return subprocess.run([*command, "--ignore-checks", "W2001"]).returncode


def listed(value):
    """One, or several, of what IAM takes one or several of."""
    return value if isinstance(value, list) else [value]


# What S3's actions are allowed on. On any other resource they allow nothing, and nobody is told
# (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html).
S3_ACTIONS = {
    "s3:DeleteObject": "objects",
    "s3:GetObject": "objects",
    "s3:ListBucket": "bucket",
    "s3:PutObject": "objects",
}


def kind_of_arn(target, buckets):
    """Whether an ARN is of a bucket or of objects in it; None if it is of neither."""
    if not isinstance(target, dict):
        return None
    name, attribute = target.get("Fn::GetAtt", ["", ""])
    if name in buckets and attribute == "Arn":
        return "bucket"
    bucket, _, key = str(target.get("Fn::Sub", "")).partition("/")
    return "objects" if key and bucket in (f"${{{name}.Arn}}" for name in buckets) else None


# What managing the connections of a WebSocket API is allowed on: by which method, for all of them
# (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html).
CONNECTIONS = re.compile(
    r"arn:\$\{AWS::Partition\}:execute-api:\$\{AWS::Region\}:\$\{AWS::AccountId\}:\$\{\w+\}"
    r"/[^/*]+/(DELETE|GET|POST)/@connections/\*"
)


def is_connections(target):
    return isinstance(target, dict) and CONNECTIONS.fullmatch(str(target.get("Fn::Sub", "")))


def granted(name, policy, buckets):
    """What must hold of whatever a policy allows."""
    for statement in policy["PolicyDocument"]["Statement"]:
        if statement["Effect"] != "Allow":
            continue
        if "NotAction" in statement or "NotResource" in statement:
            yield f"{name} allows all but something"
            continue
        actions, targets = listed(statement["Action"]), listed(statement["Resource"])
        for action in actions:
            if "*" in action:
                yield f"{name} allows {action}"
            elif action.startswith("s3:") and any(
                kind_of_arn(target, buckets) != S3_ACTIONS.get(action, "unknown") for target in targets
            ):
                yield f"{name} allows {action} on what that is not for"
            elif action.startswith("execute-api:") and not (
                action == "execute-api:ManageConnections" and all(map(is_connections, targets))
            ):
                yield f"{name} allows {action} on what that is not for"
        if "*" in targets:
            yield f"{name} allows everything of something"


def findings(template):
    """What must hold of a template that people's data is trusted to."""
    resources = template["Resources"]

    def of(kind):
        return {name: r.get("Properties", {}) for name, r in resources.items() if r["Type"] == kind}

    for name, role in of("AWS::IAM::Role").items():
        if role.get("ManagedPolicyArns"):
            yield f"{name} has a managed policy"
    inline = [(name, policy) for name, role in of("AWS::IAM::Role").items() for policy in role.get("Policies", [])]
    for name, policy in [*inline, *of("AWS::IAM::Policy").items(), *of("AWS::S3::BucketPolicy").items()]:
        yield from granted(name, policy, of("AWS::S3::Bucket"))
    for name, resource in resources.items():
        if resource["Type"].startswith("AWS::IAM::") and resource["Type"] not in ("AWS::IAM::Role", "AWS::IAM::Policy"):
            yield f"{name} is an {resource['Type']}, into which nothing here looks"

    roles = [function["Role"] for function in of("AWS::Lambda::Function").values()]
    if len({json.dumps(role) for role in roles}) != len(roles):
        yield "two functions share a role"
    for name, function in of("AWS::Lambda::Function").items():
        if "LogGroup" not in function.get("LoggingConfig", {}):
            yield f"{name} logs to a group of its own making, which never ends"

    for name, group in of("AWS::Logs::LogGroup").items():
        if "RetentionInDays" not in group:
            yield f"{name} keeps logs for ever"

    for name, table in of("AWS::DynamoDB::Table").items():
        if not table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]:
            yield f"{name} has no point-in-time recovery"
        if not table["SSESpecification"]["SSEEnabled"]:
            yield f"{name} is not encrypted"
        if table["DeletionProtectionEnabled"] != {"Fn::If": ["IsDev", False, True]}:
            yield f"{name} can be deleted"
        if {resources[name].get("DeletionPolicy"), resources[name].get("UpdateReplacePolicy")} != {"Retain"}:
            yield f"{name} goes with its stack"

    policies = of("AWS::S3::BucketPolicy").values()
    policies = {json.dumps(policy["Bucket"]): policy["PolicyDocument"]["Statement"] for policy in policies}
    for name, bucket in of("AWS::S3::Bucket").items():
        blocks = bucket["PublicAccessBlockConfiguration"].values()
        if len(blocks) != 4 or not all(blocks):
            yield f"{name} can be public"
        if "BucketEncryption" not in bucket:
            yield f"{name} is not encrypted"
        if {resources[name].get("DeletionPolicy"), resources[name].get("UpdateReplacePolicy")} != {"Retain"}:
            yield f"{name} goes with its stack"
        if bucket.get("VersioningConfiguration"):
            yield f"{name} keeps what was deleted"
        statements = policies.get(json.dumps({"Ref": name}), [])
        if not any(s["Effect"] == "Deny" and s["Principal"] == "*" and "Bool" in s["Condition"] for s in statements):
            yield f"{name} can be reached without TLS"
        for told in bucket.get("NotificationConfiguration", {}).get("LambdaConfigurations", []):
            function = told["Function"]["Fn::GetAtt"][0]
            if "ReservedConcurrentExecutions" not in resources[function]["Properties"]:
                yield f"{function} runs as often at once as people put objects into {name}"
        for rule in bucket.get("CorsConfiguration", {}).get("CorsRules", []):
            if rule["AllowedOrigins"] != {"Ref": "AllowedOrigins"} or set(rule["AllowedMethods"]) - {"GET", "PUT"}:
                yield f"{name} lets other origins do too much"

    for name, distribution in of("AWS::CloudFront::Distribution").items():
        config = distribution["DistributionConfig"]
        if any("OriginAccessControlId" not in origin for origin in config["Origins"]):
            yield f"{name} has an origin that must be public"
        if config["DefaultCacheBehavior"]["ViewerProtocolPolicy"] not in ("https-only", "redirect-to-https"):
            yield f"{name} can be reached without TLS"

    for name, function in of("AWS::Lambda::EventInvokeConfig").items():
        if "OnFailure" not in function.get("DestinationConfig", {}):
            yield f"{name} loses events"

    for name, queue in of("AWS::SQS::Queue").items():
        if not queue.get("SqsManagedSseEnabled"):
            yield f"{name} is not encrypted"

    for name, alarm in of("AWS::CloudWatch::Alarm").items():
        if not alarm.get("AlarmActions"):
            yield f"{name} tells nobody"

    for name, stage in of("AWS::ApiGatewayV2::Stage").items():
        if not stage.get("DefaultRouteSettings", {}).get("ThrottlingRateLimit"):
            yield f"{name} has no throttle"

    # With one of the two only, no answer ever arrives.
    answered = [response["RouteId"] for response in of("AWS::ApiGatewayV2::RouteResponse").values()]
    for name, route in of("AWS::ApiGatewayV2::Route").items():
        if ("RouteResponseSelectionExpression" in route) != ({"Ref": name} in answered):
            yield f"{name} has one of a response and its selection"

    for name, api in of("AWS::ApiGatewayV2::Api").items():
        if api.get("ProtocolType") == "WEBSOCKET":
            continue
        cors = api["Body"]["x-amazon-apigateway-cors"]
        if "*" in cors["allowOrigins"] or cors.get("allowCredentials"):
            yield f"{name} lets every origin in"

    if any(word in TEMPLATE.read_text() for word in ("AKIA", "BEGIN PRIVATE KEY")):
        yield "there is a secret in the template"


def main():
    template = expand()
    bad = list(findings(template))
    for finding in bad:
        print(f"template.yaml: {finding}")
    return lint(template) or bool(bad)


if __name__ == "__main__":
    sys.exit(main())
