/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/recorded_numbers.h"

#include "base/macros.h"
#include "core/claims.h"
#include "core/policy.h"

/* Defines a table; the last value of the enum shows whether one is missing. */
#define NUMBERS(name, last)                                                    \
	_Static_assert(                                                        \
	    PST_COUNT(name) == (last) + 1, "a value has no number");           \
	const struct pst_record_numbers pst_numbers_##name = {                 \
	    name, PST_COUNT(name)}

static const unsigned char action[] = {
    [PST_ACTION_ACCEPT] = 0,
    [PST_ACTION_TAG] = 1,
    [PST_ACTION_QUARANTINE] = 2,
    [PST_ACTION_REJECT] = 3,
    [PST_ACTION_TEMPFAIL] = 4,
};
NUMBERS(action, PST_ACTION_TEMPFAIL);

static const unsigned char claim[] = {
    [PST_CLAIM_LIST_ID] = 0,
    [PST_CLAIM_LIST_POST] = 1,
    [PST_CLAIM_MAILING_LIST] = 2,
    [PST_CLAIM_PRECEDENCE] = 3,
    [PST_CLAIM_SRS] = 4,
    [PST_CLAIM_CAF] = 5,
    [PST_CLAIM_BNC] = 6,
    [PST_CLAIM_BOUNCE_ADDRESS] = 7,
};
NUMBERS(claim, PST_CLAIM_BOUNCE_ADDRESS);

static const unsigned char dkim_gap[] = {
    [PST_DKIM_NO_GAP] = 0,
    [PST_DKIM_GAP_PROVEN] = 1,
    [PST_DKIM_GAP_CLAIMED] = 2,
};
NUMBERS(dkim_gap, PST_DKIM_GAP_CLAIMED);

static const unsigned char dkim_why[] = {
    [PST_DKIM_WHY_NONE] = 0,
    [PST_DKIM_WHY_NO_KEY] = 1,
    [PST_DKIM_WHY_KEY_REVOKED] = 2,
    [PST_DKIM_WHY_KEY_MALFORMED] = 3,
    [PST_DKIM_WHY_KEY_RECORD] = 4,
    [PST_DKIM_WHY_KEY_SHORT] = 5,
    [PST_DKIM_WHY_KEY_LONG] = 6,
    [PST_DKIM_WHY_KEY_EXPONENT] = 7,
    [PST_DKIM_WHY_KEY_TYPE] = 8,
    [PST_DKIM_WHY_KEY_HASH] = 9,
    [PST_DKIM_WHY_KEY_SERVICE] = 10,
    [PST_DKIM_WHY_KEY_SUBDOMAIN] = 11,
    [PST_DKIM_WHY_KEY_TEST] = 12,
    [PST_DKIM_WHY_KEY_TEMPERROR] = 13,
    [PST_DKIM_WHY_BODY_HASH] = 14,
    [PST_DKIM_WHY_SIGNATURE] = 15,
    [PST_DKIM_WHY_EXPIRED] = 16,
    [PST_DKIM_WHY_FUTURE] = 17,
    [PST_DKIM_WHY_TIMES] = 18,
    [PST_DKIM_WHY_PARTIAL] = 19,
    [PST_DKIM_WHY_LENGTH_LARGE] = 20,
    [PST_DKIM_WHY_LENGTH] = 21,
    [PST_DKIM_WHY_REPEATED] = 22,
    [PST_DKIM_WHY_FROM_UNSIGNED] = 23,
    [PST_DKIM_WHY_NO_FROM] = 24,
    [PST_DKIM_WHY_IDENTITY] = 25,
    [PST_DKIM_WHY_IDENTITY_ABOVE] = 26,
    [PST_DKIM_WHY_SUFFIX] = 27,
    [PST_DKIM_WHY_TOP_LEVEL] = 28,
    [PST_DKIM_WHY_DOMAIN] = 29,
    [PST_DKIM_WHY_SELECTOR] = 30,
    [PST_DKIM_WHY_TAG_LIST] = 31,
    [PST_DKIM_WHY_TAG_TWICE] = 32,
    [PST_DKIM_WHY_TAG_MISSING] = 33,
    [PST_DKIM_WHY_BASE64] = 34,
    [PST_DKIM_WHY_NAMES] = 35,
    [PST_DKIM_WHY_VERSION] = 36,
    [PST_DKIM_WHY_ALGORITHM] = 37,
    [PST_DKIM_WHY_CANON] = 38,
    [PST_DKIM_WHY_QUERY] = 39,
    [PST_DKIM_WHY_SHA1] = 40,
    [PST_DKIM_WHY_ODD] = 41,
    [PST_DKIM_WHY_NOT_UNDERSTOOD] = 42,
    [PST_DKIM_WHY_MANY_SIGNATURES] = 43,
    [PST_DKIM_WHY_MANY_TAGS] = 44,
    [PST_DKIM_WHY_FIELD_LONG] = 45,
    [PST_DKIM_WHY_NAMES_LONG] = 46,
    [PST_DKIM_WHY_HEADER] = 47,
    [PST_DKIM_WHY_CRASHED] = 48,
};
NUMBERS(dkim_why, PST_DKIM_WHY_CRASHED);

static const unsigned char dmarc_identifiers[] = {
    [PST_DMARC_NONE_PASSED] = 0,
    [PST_DMARC_ALIGNED_PASS] = 1,
    [PST_DMARC_UNDETERMINED] = 2,
};
NUMBERS(dmarc_identifiers, PST_DMARC_UNDETERMINED);

static const unsigned char dmarc_knowledge[] = {
    [PST_DMARC_UNKNOWN] = 0,
    [PST_DMARC_ABSENT] = 1,
    [PST_DMARC_LEARNED] = 2,
    [PST_DMARC_REMEMBERED] = 3,
    [PST_DMARC_INHERITED] = 4,
};
NUMBERS(dmarc_knowledge, PST_DMARC_INHERITED);

static const unsigned char dmarc_policy[] = {
    [PST_DMARC_NONE] = 0,
    [PST_DMARC_QUARANTINE] = 1,
    [PST_DMARC_REJECT] = 2,
};
NUMBERS(dmarc_policy, PST_DMARC_REJECT);

static const unsigned char dmarc_source[] = {
    [PST_DMARC_FROM_NOWHERE] = 0,
    [PST_DMARC_FROM_AUTHOR] = 1,
    [PST_DMARC_FROM_ORG] = 2,
    [PST_DMARC_FROM_PSD] = 3,
};
NUMBERS(dmarc_source, PST_DMARC_FROM_PSD);

static const unsigned char dns_class[] = {
    [PST_DNS_POLICY] = 0,
    [PST_DNS_KEY] = 1,
    [PST_DNS_SENDER] = 2,
    [PST_DNS_OTHER] = 3,
    [PST_DNS_CLIENT] = 4,
};
NUMBERS(dns_class, PST_DNS_CLIENT);

static const unsigned char dns_status[] = {
    [PST_DNS_OK] = 0,
    [PST_DNS_NODATA] = 1,
    [PST_DNS_NXDOMAIN] = 2,
    [PST_DNS_SERVFAIL] = 3,
    [PST_DNS_BOGUS] = 4,
    [PST_DNS_TIMEOUT] = 5,
    [PST_DNS_BUDGET] = 6,
    [PST_DNS_BADNAME] = 7,
    [PST_DNS_CROWDED] = 8,
    [PST_DNS_PAUSED] = 9,
};
NUMBERS(dns_status, PST_DNS_PAUSED);

static const unsigned char exempt[] = {
    [PST_EXEMPT_NO] = 0,
    [PST_EXEMPT_TRUSTED] = 1,
    [PST_EXEMPT_AUTHENTICATED] = 2,
    [PST_EXEMPT_SUBMISSION] = 3,
    [PST_EXEMPT_NO_ADDRESS] = 4,
    [PST_EXEMPT_RELAY] = 5,
    [PST_EXEMPT_SIGNING] = 6,
};
NUMBERS(exempt, PST_EXEMPT_SIGNING);

static const unsigned char from_fault[] = {
    [PST_FROM_WELL_FORMED] = 0,
    [PST_FROM_MISSING] = 1,
    [PST_FROM_SEVERAL] = 2,
    [PST_FROM_ENCODED] = 3,
    [PST_FROM_GRAMMAR] = 4,
};
NUMBERS(from_fault, PST_FROM_GRAMMAR);

static const unsigned char header_fault[] = {
    [PST_HEADER_NO_FAULT] = 0,
    [PST_HEADER_NO_DATE] = 1,
    [PST_HEADER_SEVERAL_DATE] = 2,
    [PST_HEADER_SEVERAL_SENDER] = 3,
    [PST_HEADER_SEVERAL_REPLY_TO] = 4,
    [PST_HEADER_SEVERAL_TO] = 5,
    [PST_HEADER_SEVERAL_CC] = 6,
    [PST_HEADER_SEVERAL_BCC] = 7,
    [PST_HEADER_SEVERAL_MESSAGE_ID] = 8,
    [PST_HEADER_SEVERAL_IN_REPLY_TO] = 9,
    [PST_HEADER_SEVERAL_REFERENCES] = 10,
    [PST_HEADER_SEVERAL_SUBJECT] = 11,
};
NUMBERS(header_fault, PST_HEADER_SEVERAL_SUBJECT);

static const unsigned char from_verdict[] = {
    [PST_FROM_SINGLE] = 0,
    [PST_FROM_MULTI] = 1,
    [PST_FROM_NONE] = 2,
    [PST_FROM_MALFORMED] = 3,
};
NUMBERS(from_verdict, PST_FROM_MALFORMED);

static const unsigned char held[] = {
    [PST_HELD_NO] = 0,
    [PST_HELD_YES] = 1,
    [PST_HELD_UNKNOWN] = 2,
};
NUMBERS(held, PST_HELD_UNKNOWN);

static const unsigned char reason[] = {
    [PST_REASON_NONE] = 0,
    [PST_REASON_TRUSTED_FORWARDER] = 1,
    [PST_REASON_MAILING_LIST] = 2,
    [PST_REASON_LOCAL_POLICY] = 3,
    [PST_REASON_POLICY_TEST_MODE] = 4,
    [PST_REASON_OTHER] = 5,
};
NUMBERS(reason, PST_REASON_OTHER);

static const unsigned char result[] = {
    [PST_RESULT_NONE] = 0,
    [PST_RESULT_PASS] = 1,
    [PST_RESULT_FAIL] = 2,
    [PST_RESULT_SOFTFAIL] = 3,
    [PST_RESULT_NEUTRAL] = 4,
    [PST_RESULT_TEMPERROR] = 5,
    [PST_RESULT_PERMERROR] = 6,
    [PST_RESULT_POLICY] = 7,
};
NUMBERS(result, PST_RESULT_POLICY);

static const unsigned char shown[] = {
    [PST_SHOWN_NOTHING] = 0,
    [PST_SHOWN_OWN_ADDRESS] = 1,
    [PST_SHOWN_PROTECTED] = 2,
};
NUMBERS(shown, PST_SHOWN_PROTECTED);

static const unsigned char spf_identity[] = {
    [PST_SPF_MAILFROM] = 0,
    [PST_SPF_HELO] = 1,
};
NUMBERS(spf_identity, PST_SPF_HELO);

static const unsigned char spf_weak[] = {
    [PST_SPF_NOT_WEAK] = 0,
    [PST_SPF_WEAK_ALL] = 1,
    [PST_SPF_WEAK_RANGE] = 2,
    [PST_SPF_WEAK_PTR] = 3,
};
NUMBERS(spf_weak, PST_SPF_WEAK_PTR);
