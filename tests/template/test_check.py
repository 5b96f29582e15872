"""That check.py finds what it is there to find: the template, broken in one place at a time."""

import copy
import unittest

import check

SOUND = check.expand()


def allow(actions, resource):
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


BUCKET = {"Fn::GetAtt": ["MediaBucket", "Arn"]}
TABLE = {"Fn::GetAtt": ["Table", "Arn"]}
CONNECTIONS = {
    "Fn::Sub": "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/prod/POST/@connections/*"
}
OBJECTS = {"Fn::Sub": "${MediaBucket.Arn}/avatars/*"}


class Check(unittest.TestCase):
    def setUp(self):
        self.template = copy.deepcopy(SOUND)
        self.resources = self.template["Resources"]

    def found(self):
        return list(check.findings(self.template))

    def policies(self):
        """The places where a statement may stand."""
        yield "AvatarsRole", self.resources["AvatarsRole"]["Properties"]["Policies"][0]
        for name in ("AvatarsUploadsPolicy", "MediaBucketPolicy"):
            yield name, self.resources[name]["Properties"]

    def test_the_template_is_sound(self):
        self.assertEqual(self.found(), [])

    def test_a_statement_that_allows_too_much_or_nothing_is_found_wherever_it_stands(self):
        for statement, finding in [
            (allow("s3:*", OBJECTS), "allows s3:*"),
            (allow(["dynamodb:Get*"], [BUCKET]), "allows dynamodb:Get*"),
            (allow("dynamodb:GetItem", "*"), "allows everything of something"),
            (allow("s3:ListBucket", OBJECTS), "allows s3:ListBucket on what that is not for"),
            (allow(["s3:ListBucket"], [BUCKET, OBJECTS]), "allows s3:ListBucket on what that is not for"),
            (allow("s3:GetObject", BUCKET), "allows s3:GetObject on what that is not for"),
            (allow("s3:PutObject", BUCKET), "allows s3:PutObject on what that is not for"),
            (allow("s3:DeleteObject", TABLE), "allows s3:DeleteObject on what that is not for"),
            (allow("s3:GetObject", {"Fn::Sub": "${Table.Arn}/*"}), "allows s3:GetObject on what that is not for"),
            (allow("s3:PutBucketPolicy", BUCKET), "allows s3:PutBucketPolicy on what that is not for"),
            (allow("execute-api:Invoke", CONNECTIONS), "allows execute-api:Invoke on what that is not for"),
            (
                allow("execute-api:ManageConnections", {"Fn::Sub": CONNECTIONS["Fn::Sub"].replace("POST", "*")}),
                "allows execute-api:ManageConnections on what that is not for",
            ),
            ({"Effect": "Allow", "NotAction": "s3:GetObject", "Resource": OBJECTS}, "allows all but something"),
        ]:
            for name, policy in self.policies():
                with self.subTest(statement=statement, place=name):
                    policy["PolicyDocument"]["Statement"].append(statement)
                    self.assertEqual(self.found(), [f"{name} {finding}"])
                    policy["PolicyDocument"]["Statement"].pop()

    def test_a_function_that_uploads_start_without_a_limit_is_found(self):
        del self.resources["AvatarsFunction"]["Properties"]["ReservedConcurrentExecutions"]
        found = "AvatarsFunction runs as often at once as people put objects into UploadsBucket"
        self.assertEqual(self.found(), [found])

    def test_what_manages_connections_is_no_finding(self):
        for _, policy in self.policies():
            policy["PolicyDocument"]["Statement"].append(allow("execute-api:ManageConnections", CONNECTIONS))
        self.assertEqual(self.found(), [])

    def test_a_route_that_answers_by_half_is_found(self):
        selecting = {"RouteResponseSelectionExpression": "$default"}
        self.resources["One"] = {"Type": "AWS::ApiGatewayV2::Route", "Properties": selecting}
        self.resources["Other"] = {"Type": "AWS::ApiGatewayV2::Route", "Properties": {}}
        response = {"RouteId": {"Ref": "Other"}, "RouteResponseKey": "$default"}
        self.resources["Response"] = {"Type": "AWS::ApiGatewayV2::RouteResponse", "Properties": response}
        found = [f"{name} has one of a response and its selection" for name in ("One", "Other")]
        self.assertEqual(self.found(), found)
        response["RouteId"]["Ref"] = "One"
        self.assertEqual(self.found(), [])

    def test_other_ways_to_allow_something_are_found(self):
        self.resources["Other"] = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {}}
        self.assertEqual(self.found(), ["Other is an AWS::IAM::ManagedPolicy, into which nothing here looks"])


if __name__ == "__main__":
    unittest.main()
