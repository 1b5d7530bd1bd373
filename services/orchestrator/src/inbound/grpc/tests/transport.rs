//! What only shows on the wire: sizes, details in trailers, reflection and health.

use proto::v1::{applications_client::ApplicationsClient, submit_application_request::Form};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Channel;

use super::*;
use crate::inbound::grpc;

async fn served(world: &World) -> (Channel, tokio::task::JoinHandle<Result<(), grpc::Error>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let incoming = TcpListenerStream::new(listener);
    let serving = tokio::spawn(grpc::serve(world.parts.clone(), incoming, world.stop.clone()));
    let endpoint = Channel::from_shared(format!("http://{address}")).expect("an address");
    (endpoint.connect().await.expect("connected"), serving)
}

/// A form that is too large would otherwise be an error of the transport, which no form can show to a family.
#[tokio::test]
async fn a_form_of_5_mb_gets_a_violation_and_one_of_9_mb_the_transports_refusal() {
    let world = World::new().await;
    let (channel, _serving) = served(&world).await;
    let mut client = ApplicationsClient::new(channel);
    let mut request = samples::shanxi(1, 1);
    samples::form(&mut request).notice_version = "x".repeat(5_000_000);
    let refused = client.submit_application(request.clone()).await.expect_err("too large");
    let fields = refused.get_details_bad_request().expect("named").field_violations;
    assert_eq!((refused.code(), fields.len(), &*fields[0].field), (Code::InvalidArgument, 1, "form"));
    assert!(fields[0].description.starts_with("YJ-FORM-02 · "), "{}", fields[0].description);
    samples::form(&mut request).notice_version = "x".repeat(9_000_000);
    assert_eq!(client.submit_application(request).await.expect_err("unread").code(), Code::OutOfRange);
}

/// The worst form's violations would otherwise be larger than a client's trailers, and nothing at all would arrive.
#[tokio::test]
async fn the_violations_of_the_worst_form_arrive() {
    let world = World::new().await;
    let (channel, _serving) = served(&world).await;
    let child = v1::Child {
        registration: Some(v1::BirthRegistration::default()),
        insurance: Some(v1::Insurance::default()),
        card: Some(v1::Card::default()),
        items: vec![9; 5],
        ..Default::default()
    };
    let worst = v1::BirthForm { children: vec![child; 8], ..Default::default() };
    let request = v1::SubmitApplicationRequest { form: Some(Form::Birth(worst)), ..Default::default() };
    let refused = ApplicationsClient::new(channel).submit_application(request).await.expect_err("all wrong");
    assert_eq!(refused.code(), Code::InvalidArgument);
    let fields = refused.get_details_bad_request().expect("arrived").field_violations;
    assert!(fields.len() > 40, "{}", fields.len());
    assert!(fields.last().expect("more").description.starts_with("YJ-FORM-00 · 另有"));
}

/// Who files with grpcurl would otherwise read each refusal's details as bytes in base64.
#[tokio::test]
async fn the_details_of_a_refusal_are_described_too() {
    use tonic_reflection::pb::v1::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
    };
    let world = World::new().await;
    let (channel, _serving) = served(&world).await;
    for name in ["google.rpc.BadRequest", "google.rpc.ErrorInfo", "google.rpc.RetryInfo"] {
        let ask = ServerReflectionRequest {
            host: String::new(),
            message_request: Some(MessageRequest::FileContainingSymbol(name.to_owned())),
        };
        let mut answers = ServerReflectionClient::new(channel.clone())
            .server_reflection_info(tokio_stream::iter([ask]))
            .await
            .expect("described")
            .into_inner();
        let answer = answers.message().await.expect("answered").and_then(|answer| answer.message_response);
        assert!(matches!(answer, Some(MessageResponse::FileDescriptorResponse(_))), "{name}: {answer:?}");
    }
}

/// grpcurl and load balancers would otherwise need files and a call of their own.
#[tokio::test]
async fn the_service_describes_itself_says_that_it_serves_and_stops() {
    use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
    use tonic_reflection::pb::v1::{
        ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
        server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
    };
    let world = World::new().await;
    let (channel, serving) = served(&world).await;
    for service in ["", "yijian.v1.Applications", "yijian.v1.Operations"] {
        let request = HealthCheckRequest { service: service.to_owned() };
        let health = HealthClient::new(channel.clone()).check(request).await.expect("known").into_inner();
        assert_eq!(health.status, 1, "{service} serves");
    }
    let list = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let stream = tokio_stream::iter([list]);
    let mut answers = ServerReflectionClient::new(channel.clone())
        .server_reflection_info(stream)
        .await
        .expect("described")
        .into_inner();
    let answer = answers.message().await.expect("answered").and_then(|answer| answer.message_response);
    let Some(MessageResponse::ListServicesResponse(list)) = answer else { panic!("a list of services") };
    let names: Vec<String> = list.service.into_iter().map(|service| service.name).collect();
    for name in ["yijian.v1.Applications", "yijian.v1.Operations", "grpc.health.v1.Health"] {
        assert!(names.iter().any(|known| known == name), "{names:?}");
    }
    drop((answers, channel));
    world.stop.cancel();
    serving.await.expect("no panic").expect("stopped");
}
