/* SPDX-License-Identifier: BSD-2-Clause */

/* The names of all findings. Scripts rely on them: a name never changes. */

#include "base/macros.h"
#include "survey/finding.h"

/* The macros keep a row short; rows are in the order of their names. */
#define ROW(name, topic, severity, meaning)                                    \
	{                                                                      \
		name, PST_TOPIC_##topic, PST_SEVERITY_##severity, meaning      \
	}

static const struct pst_finding_info table[] = {
    ROW("dkim-bare-lf", DKIM, ERROR,
	"Receivers that read the key strictly cannot use it, so signatures "
	"with it fail."),
    ROW("dkim-dangling-cname", DKIM, ERROR,
	"The key cannot be found, so signatures with it fail."),
    ROW("dkim-good", DKIM, GOOD,
	"Receivers can verify signatures with this key."),
    ROW("dkim-long-key", DKIM, WARNING,
	"Some receivers cannot use so long a key, and signatures with it "
	"fail there."),
    ROW("dkim-lookup-failed", DKIM, UNKNOWN,
	"Whether there is a key could not be told."),
    ROW("dkim-malformed", DKIM, ERROR,
	"Receivers cannot read the key, so signatures with it fail."),
    ROW("dkim-missing-dot", DKIM, ERROR,
	"No receiver looks for the key at this name, so signatures with it "
	"fail."),
    ROW("dkim-no-key", DKIM, ERROR, "Signatures with this selector fail."),
    ROW("dkim-none-found", DKIM, NOTE,
	"Without DKIM, mail that is forwarded has nothing that proves its "
	"author."),
    ROW("dkim-not-email-service", DKIM, ERROR,
	"The key is not for mail, so receivers do not use it."),
    ROW("dkim-revoked", DKIM, NOTE,
	"Signatures with this key fail, as the owner of the key has asked "
	"for."),
    ROW("dkim-several-records", DKIM, ERROR,
	"Receivers pick one record at random or none, so signatures fail "
	"now and then."),
    ROW("dkim-sha1-only", DKIM, ERROR,
	"Receivers refuse SHA-1, so signatures with this key fail."),
    ROW("dkim-short-key", DKIM, WARNING,
	"Keys below 2048 bits can be broken with some effort, and then "
	"anybody can sign."),
    ROW("dkim-strict", DKIM, NOTE,
	"Signatures count only if i= has exactly the domain of d=."),
    ROW("dkim-test", DKIM, WARNING,
	"Receivers may treat signed mail as if it had no signature."),
    ROW("dkim-weak-key", DKIM, ERROR,
	"Receivers refuse keys below 1024 bits, so signatures with it fail."),
    ROW("dkim-wildcard", DKIM, WARNING,
	"A wildcard answers for every selector, so a key that is missing "
	"looks like one that is broken."),
    ROW("dkim-wildcard-revoked", DKIM, GOOD,
	"No signature in the name of the domain can be verified, as it should be if it sends no mail."),
    ROW("dkim-wrong-type", DKIM, ERROR,
	"Receivers do not know this type of key, so signatures with it "
	"fail."),
    ROW("dkim-wrong-version", DKIM, ERROR,
	"Receivers ignore the record, so signatures with the key fail."),
    ROW("dmarc-at-apex", DMARC, WARNING,
	"No receiver looks for a DMARC record here."),
    ROW("dmarc-bad-address", DMARC, ERROR,
	"No reports arrive at this address."),
    ROW("dmarc-bad-policy", DMARC, ERROR,
	"Receivers do not know what to do with mail that fails."),
    ROW("dmarc-bad-value", DMARC, WARNING,
	"Receivers ignore the tag and use its default."),
    ROW("dmarc-consent-given", DMARC, GOOD,
	"Receivers may send reports to this domain."),
    ROW("dmarc-consent-missing", DMARC, ERROR,
	"Receivers send no reports to this address, since its domain has "
	"not agreed to them."),
    ROW("dmarc-consent-unknown", DMARC, UNKNOWN,
	"Whether reports are sent to this address could not be told."),
    ROW("dmarc-enforced", DMARC, GOOD,
	"Receivers keep forged mail out of the inbox."),
    ROW("dmarc-fo-without-ruf", DMARC, WARNING,
	"There are no failure reports, so the tag has no effect."),
    ROW("dmarc-inherited", DMARC, NOTE,
	"A record of a parent domain says what happens to mail of this "
	"domain."),
    ROW("dmarc-lookup-failed", DMARC, UNKNOWN,
	"Which policy applies could not be told."),
    ROW("dmarc-lost-separator", DMARC, ERROR,
	"Two tags have become one, and receivers ignore both."),
    ROW("dmarc-missing-mailto", DMARC, ERROR,
	"No reports arrive at this address."),
    ROW("dmarc-no-effect", DMARC, WARNING,
	"The record changes nothing, neither for mail nor for what you "
	"learn."),
    ROW("dmarc-no-policy", DMARC, ERROR,
	"Receivers have no policy for mail that fails."),
    ROW("dmarc-no-record", DMARC, ERROR,
	"Anybody can send mail with this domain in the From field, and "
	"nobody tells you."),
    ROW("dmarc-no-rua", DMARC, NOTE,
	"Nobody tells you what is sent in your name."),
    ROW("dmarc-np-weaker", DMARC, WARNING,
	"Mail in the name of sub-domains that do not exist is treated "
	"better than that of the domain."),
    ROW("dmarc-policy-none", DMARC, NOTE,
	"Forged mail is delivered like any other; you get reports."),
    ROW("dmarc-psd", DMARC, WARNING,
	"Sub-domains count as domains of others, so their mail is not "
	"aligned with this domain."),
    ROW("dmarc-quotes", DMARC, ERROR,
	"Quotation marks inside the text are part of the record, and "
	"receivers cannot read it."),
    ROW("dmarc-removed-tag", DMARC, WARNING, "Receivers ignore the tag."),
    ROW("dmarc-repeated-tag", DMARC, ERROR,
	"Receivers ignore the whole record."),
    ROW("dmarc-several-records", DMARC, ERROR,
	"Receivers use none of the records."),
    ROW("dmarc-size-suffix", DMARC, WARNING,
	"Receivers may take the address for a wrong one."),
    ROW("dmarc-subdomain-weaker", DMARC, WARNING,
	"Mail in the name of sub-domains can still be forged."),
    ROW("dmarc-syntax", DMARC, ERROR,
	"Receivers ignore this part of the record, or all of it."),
    ROW("dmarc-test-mode", DMARC, NOTE,
	"Receivers apply the next milder policy."),
    ROW("dmarc-unknown-tag", DMARC, WARNING, "Receivers ignore the tag."),
    ROW("dmarc-wildcard", DMARC, WARNING,
	"A wildcard record answers for names that nobody has made."),
    ROW("dmarc-words-contradict", DMARC, WARNING,
	"The record does not do what its words say."),
    ROW("dmarc-wrong-name", DMARC, ERROR, "No receiver finds this record."),
    ROW("dmarc-wrong-version", DMARC, ERROR,
	"Receivers do not take this for a DMARC record."),
    ROW("dns-dnssec-bogus", DNS, ERROR,
	"Receivers that validate get no answer, so mail is delayed or "
	"refused."),
    ROW("dns-dnssec-missing", DNS, NOTE,
	"Somebody between you and a receiver could forge your records."),
    ROW("dns-dnssec-signed", DNS, GOOD,
	"Receivers that validate notice forged records."),
    ROW("dns-lookup-failed", DNS, UNKNOWN,
	"Something could not be told, since the DNS did not answer."),
    ROW("domain-could-send", MAIL, WARNING,
	"The domain sends no mail, but receivers are not told so, and "
	"anybody can use its name."),
    ROW("domain-sends-no-mail", MAIL, GOOD,
	"Receivers know that no genuine mail comes from this domain."),
    ROW("mail-fcrdns", MAIL, GOOD,
	"The address has a name, and the name has the address."),
    ROW("mail-ip-in-spf", MAIL, GOOD, "Mail from this address passes SPF."),
    ROW("mail-ip-not-in-spf", MAIL, ERROR,
	"Mail from this address does not pass SPF."),
    ROW("mail-mx", MAIL, GOOD, "Mail for the domain finds a server."),
    ROW("mail-mx-dead", MAIL, ERROR,
	"Mail for the domain cannot be delivered to this server."),
    ROW("mail-mx-is-address", MAIL, ERROR,
	"An MX record must have a name; many senders cannot deliver to an "
	"address."),
    ROW("mail-mx-is-cname", MAIL, WARNING,
	"An MX record must not name an alias; some senders do not deliver "
	"to it."),
    ROW("mail-mx-no-fcrdns", MAIL, NOTE,
	"If this server also sends mail, some receivers refuse it."),
    ROW("mail-no-fcrdns", MAIL, WARNING,
	"Many receivers refuse mail from an address whose name does not "
	"lead back to it."),
    ROW("mail-no-mx", MAIL, WARNING,
	"Replies and bounces depend on the address record of the domain, or "
	"cannot be delivered."),
    ROW("mail-no-ptr", MAIL, WARNING,
	"Many receivers refuse mail from an address without a name."),
    ROW("mail-no-such-domain", MAIL, ERROR,
	"Receivers refuse mail from a domain that does not exist."),
    ROW("mail-null-mx", MAIL, GOOD,
	"The domain says that it receives no mail, so senders give up at "
	"once."),
    ROW("mail-null-mx-with-others", MAIL, ERROR,
	"The null MX contradicts the other MX records, so some senders do "
	"not deliver."),
    ROW("spf-dead-include", SPF, ERROR,
	"SPF ends with an error for mail that gets as far as this term."),
    ROW("spf-good", SPF, GOOD,
	"Receivers can check where mail of the domain comes from."),
    ROW("spf-include-loop", SPF, ERROR,
	"SPF ends with an error for mail that gets as far as this term."),
    ROW("spf-include-without-record", SPF, ERROR,
	"SPF ends with an error for mail that gets as far as this term."),
    ROW("spf-long", SPF, WARNING,
	"The answer may not fit into one packet, and then some receivers do "
	"not get it."),
    ROW("spf-lookup-failed", SPF, UNKNOWN,
	"What the record permits could not be told; receivers may defer "
	"mail."),
    ROW("spf-macro", SPF, NOTE,
	"What this term needs depends on the message, so it was not "
	"followed."),
    ROW("spf-many-lookups", SPF, NOTE,
	"One more include, here or in a record of others, breaks SPF."),
    ROW("spf-mx-too-many", SPF, ERROR,
	"SPF ends with an error for mail that gets as far as this term."),
    ROW("spf-neutral-all", SPF, WARNING,
	"Receivers learn nothing about mail from other hosts."),
    ROW("spf-no-all", SPF, WARNING,
	"Receivers learn nothing about mail from other hosts."),
    ROW("spf-no-record", SPF, ERROR,
	"Receivers cannot tell hosts of the domain from others, and "
	"forwarded reports and bounces of forged mail reach you."),
    ROW("spf-parked-include", SPF, WARNING,
	"The term permits no host and costs a look-up."),
    ROW("spf-plus-all", SPF, ERROR,
	"Every host in the world may send mail in the name of the domain."),
    ROW("spf-private-address", SPF, WARNING,
	"No receiver ever sees mail from such an address."),
    ROW("spf-ptr", SPF, WARNING,
	"Receivers skip this slow term or refuse it, and whoever owns an "
	"address chooses its name."),
    ROW("spf-redirect-ignored", SPF, WARNING,
	"Receivers ignore redirect= in a record that has all."),
    ROW("spf-repeated-term", SPF, WARNING,
	"The second one has no effect and may cost a look-up."),
    ROW("spf-sender-id", SPF, NOTE, "Nobody reads such a record any more."),
    ROW("spf-several-records", SPF, ERROR,
	"SPF ends with an error for all mail of the domain."),
    ROW("spf-shadowed", SPF, WARNING, "The term has no effect."),
    ROW("spf-syntax", SPF, ERROR,
	"SPF ends with an error for all mail that needs this record."),
    ROW("spf-too-many-lookups", SPF, ERROR,
	"SPF ends with an error for mail from hosts that come late in the "
	"record or are not in it."),
    ROW("spf-too-many-voids", SPF, ERROR,
	"SPF ends with an error for mail from hosts that come late in the "
	"record or are not in it."),
    ROW("spf-unknown-mechanism", SPF, ERROR,
	"SPF ends with an error for all mail that needs this record."),
    ROW("spf-unknown-modifier", SPF, WARNING, "Receivers ignore this term."),
    ROW("spf-void", SPF, WARNING,
	"The term permits no host, and only two such look-ups are allowed."),
    ROW("spf-wide-include", SPF, NOTE,
	"Many hosts of others may send mail in the name of the domain."),
    ROW("spf-wide-range", SPF, WARNING,
	"Many hosts may send mail in the name of the domain, also those of "
	"others."),
    ROW("spf-wrong-version", SPF, ERROR,
	"Receivers do not take this for an SPF record."),
};

const struct pst_finding_info *
pst_finding_table(size_t *count)
{
	*count = PST_COUNT(table);
	return table;
}
