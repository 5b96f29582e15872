//! Whole templates with a WebSocket API, and what is wrong with some.

use std::time::Duration;

use super::*;

const TEMPLATE: &str = r#"
Parameters:
  Stage: {Type: String}
  SocketUrl: {Type: String, Default: ""}
Conditions:
  HasSocketUrl: !Not [!Equals [!Ref SocketUrl, ""]]
Resources:
  HttpApi: {Type: AWS::Serverless::HttpApi, Properties: {}}
  SocketApi:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: !Ref Stage
      RouteSelectionExpression: $request.body.action
      DefaultRouteSettings: {ThrottlingRateLimit: 1}
      Auth:
        AuthType: CUSTOM
        AuthArn: !GetAtt AuthorizerFunction.Arn
        IdentitySource: [route.request.querystring.ticket, route.request.header.X-Who]
      Routes:
        $connect: {FunctionArn: !GetAtt SocketFunction.Arn, OperationName: connect}
        markRead:
          FunctionArn: !GetAtt SocketFunction.Arn
          RouteResponseSelectionExpression: $default
          IntegrationTimeout: 500
        $default: {FunctionArn: !GetAtt SocketFunction.Arn, RouteResponseSelectionExpression: $default}
  MarkReadResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: {ApiId: !Ref SocketApi, RouteId: !Ref SocketApiMarkreadRoute, RouteResponseKey: $default}
  AuthorizerFunction:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: authorizer}}
    Properties: {Role: !GetAtt Role.Arn}
  SocketFunction:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: socket}}
    Properties:
      Role: !GetAtt Role.Arn
      Environment:
        Variables:
          SOCKET_URL: !If
            - HasSocketUrl
            - !Ref SocketUrl
            - !Sub "wss://${SocketApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/${Stage}"
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyDocument:
            Statement:
              - Effect: Allow
                Action: execute-api:ManageConnections
                Resource: !Sub "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${SocketApi}/${Stage}/POST/@connections/*"
"#;

fn parsed(text: &str) -> Result<Template, String> {
    Template::parse(text, &[("Stage", "dev")]).map_err(|error| error.to_string())
}

#[test]
fn a_websocket_api_is_read() {
    let template = parsed(TEMPLATE).unwrap();
    let api = template.sockets.unwrap();
    assert_eq!((&*api.id, &*api.stage, &*api.selection), ("SocketApi", "dev", &["action".to_owned()][..]));
    let authorizer = api.authorizer.unwrap();
    assert_eq!(authorizer.function, "AuthorizerFunction");
    let (query, header) = (IdentitySource::Query("ticket".into()), IdentitySource::Header("x-who".into()));
    assert_eq!(authorizer.identity, [query, header]);
    assert!(api.routes.values().all(|route| route.function == "SocketFunction"));
    assert_eq!(api.routes["$connect"].timeout, Duration::from_secs(29));
    assert_eq!(api.routes["markRead"].timeout, Duration::from_millis(500));
    // A response without its selection, or a selection without its response, is none.
    let answering: Vec<_> =
        api.routes.iter().filter(|(_, route)| route.answers()).map(|(key, _)| key).collect();
    assert_eq!(answering, ["markRead"]);
    let function = &template.functions["SocketFunction"];
    let url = "wss://kith-SocketApi.execute-api.us-east-1.amazonaws.com/dev";
    assert_eq!(function.environment["SOCKET_URL"], url);
    assert_eq!(function.allowed["SocketApi.POST"], ["execute-api:ManageConnections"]);
}

#[test]
fn what_it_depends_on_is_known_before_its_parameters_are() {
    let document = Document::parse(TEMPLATE).unwrap();
    assert!(document.has_sockets() && document.has_parameter("SocketUrl") && !document.has_parameter("X"));
    let given = [("Stage", "dev"), ("SocketUrl", "ws://127.0.0.1:1/dev")];
    let template = document.resolve(&given).unwrap();
    assert_eq!(template.functions["SocketFunction"].environment["SOCKET_URL"], "ws://127.0.0.1:1/dev");
}

#[test]
fn what_a_websocket_api_cannot_be_is_an_error() {
    for (good, bad, why) in [
        ("SocketApiMarkreadRoute", "SocketApiMarkReadRoute", "SocketApiMarkReadRoute"),
        ("SocketApiMarkreadRoute", "SocketFunction", "SocketFunction"),
        ("ApiId: !Ref SocketApi,", "ApiId: !Ref HttpApi,", "ApiId"),
        ("RouteResponseKey: $default", "RouteResponseKey: other", "RouteResponseKey"),
        ("$connect: {", "$conect: {", "$conect"),
        ("$default: {", "$defaults: {", "$defaults"),
        ("$connect: {", "connect: {", "$connect"),
        ("$request.body.action", "$request.header.action", "RouteSelectionExpression"),
        ("AuthType: CUSTOM", "AuthType: AWS_IAM", "AuthType"),
        ("querystring.ticket", "body.ticket", "route.request.body.ticket"),
        ("IntegrationTimeout: 500", "IntegrationTimeout: 30000", "IntegrationTimeout"),
        ("OperationName", "OperationNme", "OperationNme"),
        ("!GetAtt SocketFunction.Arn, RouteR", "!GetAtt Role.Arn, RouteR", "there is no Role"),
        ("${Stage}/POST/", "prod/POST/", "@connections"),
        ("/POST/@connections/*", "/*", "@connections"),
    ] {
        assert!(TEMPLATE.contains(good), "{good}");
        let error = parsed(&TEMPLATE.replacen(good, bad, 1)).unwrap_err();
        assert!(error.contains(why), "{error}");
    }
}
