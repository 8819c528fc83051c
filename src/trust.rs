//! Certificates of authorities that are trusted in addition to the built-in ones (Mozilla's list): the
//! system's, and those of a file.

use std::fmt;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use thiserror::Error;

/// Certificates of authorities, all of them usable.
#[derive(Clone, Default)]
pub struct Roots(Vec<CertificateDer<'static>>);

/// Why a file cannot be used as a list of certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RootsError {
    /// It is empty.
    #[error("the file is empty")]
    Empty,
    /// It is in another format, such as DER.
    #[error("the file is not PEM: expected text with -----BEGIN CERTIFICATE-----")]
    NotPem,
    /// It is PEM without a certificate, such as a key.
    #[error("the file has no certificate: expected -----BEGIN CERTIFICATE-----")]
    NoCertificate,
    /// A certificate that is damaged.
    #[error("certificate {0} of the file cannot be read: copy it again")]
    Unusable(usize),
}

impl Roots {
    /// The usable ones of these certificates; a system may have others.
    pub fn usable(certificates: impl IntoIterator<Item = CertificateDer<'static>>) -> Self {
        let usable =
            |certificate: &CertificateDer<'static>| RootCertStore::empty().add(certificate.clone()).is_ok();
        Self(certificates.into_iter().filter(usable).collect())
    }

    /// All certificates of a PEM file.
    ///
    /// # Errors
    /// [`RootsError`]: a file without certificates, or with an unusable one.
    pub fn from_pem(bytes: &[u8]) -> Result<Self, RootsError> {
        let text = String::from_utf8_lossy(bytes);
        if text.trim().is_empty() {
            return Err(RootsError::Empty);
        }
        if !text.contains("-----BEGIN ") {
            return Err(RootsError::NotPem);
        }
        let mut certificates = Vec::new();
        for certificate in CertificateDer::pem_slice_iter(bytes) {
            let unusable = RootsError::Unusable(certificates.len() + 1);
            let certificate = certificate.map_err(|_| unusable)?;
            RootCertStore::empty().add(certificate.clone()).map_err(|_| unusable)?;
            certificates.push(certificate);
        }
        if certificates.is_empty() { Err(RootsError::NoCertificate) } else { Ok(Self(certificates)) }
    }

    /// The two lists together.
    #[must_use]
    pub fn and(&self, others: &Self) -> Self {
        Self(self.0.iter().chain(&others.0).cloned().collect())
    }

    /// These together with the built-in ones.
    pub fn with_built_in(&self) -> RootCertStore {
        let mut store = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        store.add_parsable_certificates(self.0.iter().cloned());
        store
    }

    /// An HTTP client that trusts them as well.
    ///
    /// # Errors
    /// None that these certificates can cause: each is usable.
    pub fn trusted_by(
        &self,
        mut client: reqwest::ClientBuilder,
    ) -> Result<reqwest::ClientBuilder, reqwest::Error> {
        for certificate in &self.0 {
            client = client.add_root_certificate(reqwest::Certificate::from_der(certificate)?);
        }
        Ok(client)
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} certificates", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_says_why() {
        let error = |bytes: &[u8]| Roots::from_pem(bytes).unwrap_err();
        assert_eq!(error(b" \n"), RootsError::Empty);
        assert_eq!(error(b"\x30\x82\x01\x0a"), RootsError::NotPem);
        assert_eq!(
            error(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
            RootsError::NoCertificate
        );
        let damaged = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(error(damaged), RootsError::Unusable(1));
        assert_eq!(error(b"-----BEGIN CERTIFICATE-----\nAA"), RootsError::Unusable(1));
    }

    #[test]
    fn what_a_system_has_that_cannot_be_used_is_left_out() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::default();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let good = parameters.self_signed(&key).unwrap();
        let roots = Roots::usable([CertificateDer::from(vec![0x30, 0]), good.der().clone()]);
        assert_eq!(roots.0.len(), 1);
        assert_eq!(Roots::from_pem(good.pem().as_bytes()).unwrap().0, roots.0);
        let both = roots.and(&Roots::from_pem(good.pem().as_bytes()).unwrap());
        assert!(both.with_built_in().len() > webpki_roots::TLS_SERVER_ROOTS.len());
        assert!(both.trusted_by(reqwest::Client::builder()).unwrap().build().is_ok());
    }
}
