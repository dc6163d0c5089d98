//! One question to DNS. What answers is a stranger: it is believed only where it says yes to the letter, or no in the name of a zone.

use std::{net::SocketAddr, time::Duration};

use hickory_resolver::{
    TokioResolver,
    config::{NameServerConfig, ResolveHosts, ResolverConfig},
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
    proto::rr::{Name, RData},
};
use securemailbox_store::domains::LookedUp;
use tokio::time::timeout;

use super::Record;

/// How long one try may take. There is a second one.
const TRY: Duration = Duration::from_secs(5);
/// How long all of them may, over UDP and TCP, at every resolver that the system names.
const PATIENCE: Duration = Duration::from_secs(30);

/// Who is asked; none where the system names nobody.
pub(crate) struct Dns(Option<TokioResolver>);

impl Dns {
    /// The resolver at this address, or those of the system.
    pub(crate) fn open(resolver: Option<SocketAddr>) -> Self {
        Self::patient(resolver, TRY)
    }

    fn patient(resolver: Option<SocketAddr>, one_try: Duration) -> Self {
        let builder = match resolver {
            Some(address) => {
                let mut server = NameServerConfig::udp_and_tcp(address.ip());
                for connection in &mut server.connections {
                    connection.port = address.port();
                }
                let only = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
                Ok(TokioResolver::builder_with_config(only, TokioRuntimeProvider::default()))
            }
            None => TokioResolver::builder_tokio(),
        };
        let built = builder.and_then(|mut builder| {
            let options = builder.options_mut();
            options.timeout = one_try;
            options.attempts = 1;
            // The answer of today says nothing of tomorrow, and a file of this machine nothing of a domain.
            options.cache_size = 0;
            options.use_hosts_file = ResolveHosts::Never;
            builder.build()
        });
        if built.is_err() {
            tracing::error!("no DNS resolver can be had: name one in `resolver`, or look at /etc/resolv.conf");
        }
        Self(built.ok())
    }

    /// Whether a record is there. Takes half a minute at most.
    ///
    /// An answer has 64 KiB at most, as DNS over TCP counts them, so all of its records may be looked through.
    pub(crate) async fn look_up(&self, record: &Record) -> LookedUp {
        let (Some(resolver), Ok(name)) = (&self.0, Name::from_ascii(&record.name)) else {
            return LookedUp::Unanswered;
        };
        match timeout(PATIENCE, resolver.txt_lookup(name)).await {
            Ok(Ok(found)) => {
                let mut texts = found.answers().iter().filter_map(|answer| match &answer.data {
                    RData::TXT(text) => Some(text.txt_data.concat()),
                    // Whatever else comes along, such as the alias that led here.
                    _ => None,
                });
                let Some(first) = texts.next() else { return LookedUp::Unanswered };
                let is_it = |text: Vec<u8>| text == record.text.as_bytes();
                if is_it(first) || texts.any(is_it) { LookedUp::Found } else { LookedUp::Absent }
            }
            // Without its SOA a "no" is no zone's word (RFC 2308 §5), and may come from something that is broken on the way.
            Ok(Err(NetError::Dns(DnsError::NoRecordsFound(none)))) if none.soa.is_some() => LookedUp::Absent,
            Ok(Err(_)) | Err(_) => LookedUp::Unanswered,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::{Arc, Mutex};

    use hickory_resolver::proto::{
        op::{Message, ResponseCode},
        rr::{
            Record as DnsRecord,
            rdata::{CNAME, SOA, TXT},
        },
    };
    use securemailbox_protocol::address::Domain;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::{TcpListener, UdpSocket},
    };

    use super::*;
    use crate::seal::ServerSeal;

    /// How a server of a test answers.
    #[derive(Clone)]
    pub(in crate::organisations) enum Manner {
        /// With these records, each of these strings.
        Texts(Vec<Vec<String>>),
        /// The same behind an alias.
        Alias(Vec<Vec<String>>),
        /// There is no such name, or none of that kind, says its zone.
        No(ResponseCode),
        /// The same, and no zone says it.
        BareNo(ResponseCode),
        /// It has failed.
        Failed,
        /// Not at all.
        Silent,
        /// With bytes that are no answer.
        Noise,
        /// As somebody who guesses: another number, another question.
        Forged(Vec<Vec<String>>),
    }

    /// A little DNS server on loopback, whose manner can be changed.
    pub(in crate::organisations) struct Zone {
        pub(in crate::organisations) address: SocketAddr,
        manner: Arc<Mutex<Manner>>,
    }

    impl Zone {
        pub(in crate::organisations) async fn open(manner: Manner) -> Self {
            let (udp, tcp) = loop {
                let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
                if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
                    break (udp, tcp);
                }
            };
            let (address, manner) = (udp.local_addr().unwrap(), Arc::new(Mutex::new(manner)));
            let (by_udp, by_tcp) = (manner.clone(), manner.clone());
            tokio::spawn(async move {
                let mut question = [0; 2048];
                while let Ok((length, from)) = udp.recv_from(&mut question).await {
                    let manner = by_udp.lock().unwrap().clone();
                    if let Some(mut answer) = answer(&manner, &question[..length]) {
                        if answer.len() > 1232 {
                            let mut message = Message::from_vec(&answer).unwrap();
                            message.answers.clear();
                            message.metadata.truncation = true;
                            answer = message.to_vec().unwrap();
                        }
                        udp.send_to(&answer, from).await.unwrap();
                    }
                }
            });
            tokio::spawn(async move {
                while let Ok((mut stream, _)) = tcp.accept().await {
                    // As servers do, it is left to whoever asks to close.
                    while let Ok(length) = stream.read_u16().await {
                        let mut question = vec![0; usize::from(length)];
                        stream.read_exact(&mut question).await.unwrap();
                        let manner = by_tcp.lock().unwrap().clone();
                        let Some(answer) = answer(&manner, &question) else { continue };
                        stream.write_u16(u16::try_from(answer.len()).unwrap()).await.unwrap();
                        stream.write_all(&answer).await.unwrap();
                    }
                }
            });
            Self { address, manner }
        }

        pub(in crate::organisations) fn answers(&self, manner: Manner) {
            *self.manner.lock().unwrap() = manner;
        }
    }

    fn answer(manner: &Manner, question: &[u8]) -> Option<Vec<u8>> {
        let asked = Message::from_vec(question).unwrap();
        let name = asked.queries[0].name().clone();
        assert_eq!(name.to_ascii(), "_securemailbox.xn--vrd-ula.example.se.");
        let mut answer = Message::response(asked.metadata.id, asked.metadata.op_code);
        answer.add_query(asked.queries[0].clone());
        let texts = |name: &Name, texts: &[Vec<String>]| -> Vec<DnsRecord> {
            let record =
                |text: &Vec<String>| DnsRecord::from_rdata(name.clone(), 60, RData::TXT(TXT::new(text.clone())));
            texts.iter().map(record).collect()
        };
        let soa = || {
            let zone = Name::from_ascii("example.se.").unwrap();
            let soa = SOA::new(zone.clone(), zone.clone(), 1, 60, 60, 60, 60);
            DnsRecord::from_rdata(zone, 60, RData::SOA(soa))
        };
        match manner {
            Manner::Texts(each) => drop(answer.add_answers(texts(&name, each))),
            Manner::Alias(each) => {
                let alias = Name::from_ascii("records.example.org.").unwrap();
                answer.add_answer(DnsRecord::from_rdata(name, 60, RData::CNAME(CNAME(alias.clone()))));
                answer.add_answers(texts(&alias, each));
            }
            Manner::No(code) => {
                answer.metadata.response_code = *code;
                answer.add_authority(soa());
            }
            Manner::BareNo(code) => answer.metadata.response_code = *code,
            Manner::Failed => answer.metadata.response_code = ResponseCode::ServFail,
            Manner::Silent => return None,
            Manner::Noise => return Some(vec![0xff; 300]),
            Manner::Forged(each) => {
                answer.metadata.id = asked.metadata.id.wrapping_add(1);
                answer.add_answers(texts(&name, each));
            }
        }
        Some(answer.to_vec().unwrap())
    }

    async fn looked_up(manner: Manner) -> LookedUp {
        let zone = Zone::open(manner).await;
        Dns::patient(Some(zone.address), Duration::from_millis(200)).look_up(&record()).await
    }

    /// With the patience of a server.
    async fn looked_up_in_time(manner: Manner) -> LookedUp {
        let zone = Zone::open(manner).await;
        Dns::open(Some(zone.address)).look_up(&record()).await
    }

    fn record() -> Record {
        Record::of(&Domain::parse("vård.example.se").unwrap(), &ServerSeal::new(&[7; 32]))
    }

    fn others(count: usize) -> Vec<Vec<String>> {
        (0..count).map(|number| vec![format!("v=spf{number} {}", "x".repeat(200))]).collect()
    }

    #[tokio::test]
    async fn the_record_is_found_among_others_and_in_pieces() {
        let text = record().text;
        let (begin, end) = text.split_at(9);
        assert_eq!(looked_up(Manner::Texts(vec![vec![text.clone()]])).await, LookedUp::Found);
        assert_eq!(looked_up(Manner::Texts(vec![vec![begin.into(), end.into()]])).await, LookedUp::Found);
        assert_eq!(looked_up(Manner::Texts([others(3), vec![vec![text.clone()]]].concat())).await, LookedUp::Found);
        assert_eq!(looked_up(Manner::Alias(vec![vec![text]])).await, LookedUp::Found);
    }

    #[tokio::test]
    async fn a_huge_answer_is_looked_through_as_far_as_dns_lets_it_be_long() {
        let all = [others(250), vec![vec![record().text]]].concat();
        assert_eq!(looked_up_in_time(Manner::Texts(all)).await, LookedUp::Found);
        assert_eq!(looked_up_in_time(Manner::Texts(others(250))).await, LookedUp::Absent);
        // More than a message of DNS holds: it is cut, and says so.
        assert_eq!(looked_up_in_time(Manner::Texts(others(400))).await, LookedUp::Unanswered);
    }

    #[tokio::test]
    async fn a_record_that_is_gone_or_another_ones_is_absent() {
        let anothers = Record::of(&Domain::parse("vård.example.se").unwrap(), &ServerSeal::new(&[8; 32])).text;
        let longer = format!("{} ", record().text);
        for manner in [
            Manner::Texts(vec![vec![anothers]]),
            Manner::Texts(vec![vec![longer]]),
            Manner::Texts(vec![vec![record().text.to_uppercase()]]),
            Manner::Texts(vec![vec![String::new()]]),
            Manner::No(ResponseCode::NXDomain),
            Manner::No(ResponseCode::NoError),
        ] {
            assert_eq!(looked_up(manner).await, LookedUp::Absent);
        }
    }

    #[tokio::test]
    async fn what_nobody_answers_for_says_nothing() {
        for manner in [
            Manner::BareNo(ResponseCode::NXDomain),
            Manner::BareNo(ResponseCode::NoError),
            Manner::Failed,
            Manner::Silent,
            Manner::Noise,
            Manner::Forged(vec![vec![record().text]]),
        ] {
            assert_eq!(looked_up(manner).await, LookedUp::Unanswered);
        }
        let nobody = UdpSocket::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        assert_eq!(
            Dns::patient(Some(nobody), Duration::from_millis(200)).look_up(&record()).await,
            LookedUp::Unanswered
        );
    }
}
