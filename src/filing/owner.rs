//! A reporting person and their address.

use serde::Serialize;

use super::{Cik, Jurisdiction};

/// A reporting person and their relationship to the issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// `rptOwnerCik`.
    pub cik: Option<Cik>,
    /// `rptOwnerName`, `LAST FIRST MIDDLE` for people, as filed.
    pub name: String,
    /// `reportingOwnerAddress`.
    pub address: Address,
    /// `isDirector`.
    pub director: bool,
    /// `isOfficer`.
    pub officer: bool,
    /// `isTenPercentOwner`.
    pub ten_percent_owner: bool,
    /// `isOther`.
    pub other: bool,
    /// `officerTitle`.
    pub title: Option<String>,
    /// `otherText`: what `other` means.
    pub other_text: Option<String>,
}

/// An owner's address as filed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Address {
    /// `rptOwnerNonUSAddressFlag`, newer schemas only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outside_us: Option<bool>,
    /// `rptOwnerStreet1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street_1: Option<String>,
    /// `rptOwnerStreet2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street_2: Option<String>,
    /// `rptOwnerCity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// `rptOwnerState`, EDGAR's two-character code of a state or country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// `rptOwnerZipCode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zip: Option<String>,
    /// `rptOwnerStateDescription`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_description: Option<String>,
    /// `rptOwnerNonUSStateTerritory`, newer schemas only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_territory: Option<String>,
    /// `rptOwnerCountry`, newer schemas only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

impl Address {
    /// The state or country: EDGAR's code in either element, depending on the schema.
    pub fn place(&self) -> Option<Jurisdiction> {
        Jurisdiction::of_code(self.country.as_deref().or(self.state.as_deref())?)
    }
}
