//! Which phone numbers a code may be sent to: mobile numbers of the countries that the operator pays for. Numbering plans are
//! libphonenumber's.

use phonenumber::{Type, country::Id, metadata::DATABASE};
use securemailbox_protocol::{phone::PhoneNumber, problems::ProblemType};

use crate::problem::Problem;

/// The countries to whose numbers codes are sent.
#[derive(Debug, Clone)]
pub struct Numbers(Option<Vec<Id>>);

/// A word of the configuration that is no country.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no country with phone numbers: expected two letters (ISO 3166-1), such as SE")]
pub struct NoCountry(pub String);

impl Numbers {
    /// Of these countries, by their two letters (ISO 3166-1).
    ///
    /// # Errors
    /// [`NoCountry`]: the first that is none.
    pub fn of(countries: &[String]) -> Result<Self, NoCountry> {
        let each = countries.iter().map(|code| {
            let found = code.parse::<Id>().ok().filter(|id| DATABASE.by_id(id.as_ref()).is_some());
            found.ok_or_else(|| NoCountry(code.clone()))
        });
        Ok(Self(Some(each.collect::<Result<_, _>>()?)))
    }

    /// Of every country: nothing is sent.
    #[must_use]
    pub const fn of_everywhere() -> Self {
        Self(None)
    }

    /// Refuses a number that no code can be sent to, or that the operator does not pay for.
    ///
    /// # Errors
    /// [`ProblemType::NotAMobileNumber`], [`ProblemType::OtherCountry`].
    pub fn check(&self, phone: &PhoneNumber) -> Result<(), Problem> {
        let number = phonenumber::parse(None, phone.as_str()).ok().filter(phonenumber::PhoneNumber::is_valid);
        let number = number.ok_or(ProblemType::NotAMobileNumber)?;
        match number.number_type(&DATABASE) {
            // In some countries nothing tells them apart.
            Type::Mobile | Type::FixedLineOrMobile => {}
            Type::FixedLine
            | Type::TollFree
            | Type::PremiumRate
            | Type::SharedCost
            | Type::PersonalNumber
            | Type::Voip
            | Type::Pager
            | Type::Uan
            | Type::Emergency
            | Type::Voicemail
            | Type::ShortCode
            | Type::StandardRate
            | Type::Carrier
            | Type::NoInternational
            | Type::Unknown => return Err(ProblemType::NotAMobileNumber.into()),
        }
        let Some(countries) = &self.0 else { return Ok(()) };
        let (id, code) = (number.country().id(), number.code().value());
        let is_paid_for = countries.iter().any(|country| {
            let own = DATABASE.by_id(country.as_ref()).map(phonenumber::Metadata::country_code);
            // A small neighbour with the same code has the same prices; those of +1 have their own.
            id == Some(*country) || code != 1 && own == Some(code)
        });
        if is_paid_for { Ok(()) } else { Err(ProblemType::OtherCountry.into()) }
    }
}

#[cfg(test)]
mod tests {
    use phonenumber::metadata::Descriptor;

    use super::*;

    fn refused(numbers: &Numbers, text: &str) -> Option<ProblemType> {
        numbers.check(&PhoneNumber::parse(text).unwrap()).err().map(|problem| problem.kind())
    }

    #[test]
    fn codes_go_to_mobile_numbers_of_the_countries_that_are_paid_for() {
        let sweden = Numbers::of(&["SE".into()]).unwrap();
        for mobile in ["+46701740612", "+46 (0)70-174 06 12", "+46730000000", "+46766860000"] {
            assert_eq!(refused(&sweden, mobile), None, "{mobile}");
        }
        // Landlines, premium and emergency numbers, satellites, what is too short.
        for other in
            ["+46112000", "+46900123456", "+4687691000", "+46201234567", "+882161234567", "+19005551234", "+4670174061"]
        {
            assert_eq!(refused(&sweden, other), Some(ProblemType::NotAMobileNumber), "{other}");
        }
        for abroad in ["+4740174061", "+252612345678", "+14155552671"] {
            assert_eq!(refused(&sweden, abroad), Some(ProblemType::OtherCountry), "{abroad}");
            assert_eq!(refused(&Numbers::of_everywhere(), abroad), None, "{abroad}");
        }
        let abroad = Numbers::of(&["NO".into(), "GB".into(), "US".into()]).unwrap();
        // The second is Guernsey's by its plan, and the prices of Great Britain.
        for mobile in ["+4740174061", "+447911123456", "+14155552671"] {
            assert_eq!(refused(&abroad, mobile), None, "{mobile}");
        }
        // Jamaica shares a code with the United States, and no price.
        assert_eq!(refused(&abroad, "+18765551234"), Some(ProblemType::OtherCountry));
    }

    #[test]
    fn no_number_of_any_plan_is_changed_by_taking_it() {
        for plan in DATABASE.iter() {
            let examples = [plan.descriptors().mobile(), plan.descriptors().fixed_line()]
                .into_iter()
                .flatten()
                .filter_map(Descriptor::example);
            for example in examples {
                let number = format!("+{}{example}", plan.country_code());
                assert_eq!(
                    PhoneNumber::parse(&number).map(|taken| taken.as_str().to_owned()),
                    Ok(number),
                    "{}",
                    plan.id()
                );
            }
        }
    }

    #[test]
    fn a_country_is_two_letters() {
        for wrong in ["Sweden", "46", "se", "ZZ", ""] {
            assert_eq!(Numbers::of(&[wrong.to_owned()]).unwrap_err(), NoCountry(wrong.to_owned()));
        }
    }
}
