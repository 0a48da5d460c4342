/* SPDX-License-Identifier: BSD-2-Clause */
#include "auth/dkim_why.h"

#include <stddef.h>

static const struct {
	const char *word;
	const char *text;
} reasons[] = {
    [PST_DKIM_WHY_NONE] = {NULL, NULL},
    [PST_DKIM_WHY_NO_KEY] = {"no-key", "no key"},
    [PST_DKIM_WHY_KEY_REVOKED] = {"revoked", "key is revoked"},
    [PST_DKIM_WHY_KEY_MALFORMED] = {"malformed-key", "key is malformed"},
    [PST_DKIM_WHY_KEY_RECORD] = {"malformed-key", "key record is malformed"},
    [PST_DKIM_WHY_KEY_SHORT] = {"too-short-key", "key is too short"},
    [PST_DKIM_WHY_KEY_LONG] = {"limit", "key is too long"},
    [PST_DKIM_WHY_KEY_EXPONENT] = {"unsafe-key", "key has an unsafe exponent"},
    [PST_DKIM_WHY_KEY_TYPE] = {"other-key",
	"key type does not match the algorithm"},
    [PST_DKIM_WHY_KEY_HASH] = {"other-key", "key does not allow sha256"},
    [PST_DKIM_WHY_KEY_SERVICE] = {"other-key", "key is not for email"},
    [PST_DKIM_WHY_KEY_SUBDOMAIN] = {"identity",
	"key does not allow a subdomain in i="},
    [PST_DKIM_WHY_KEY_TEST] = {"test-key", "key is in test mode"},
    [PST_DKIM_WHY_KEY_TEMPERROR] = {"temperror",
	"no answer to the key look-up"},
    [PST_DKIM_WHY_BODY_HASH] = {"body-hash", "body hash does not verify"},
    [PST_DKIM_WHY_SIGNATURE] = {"signature", "signature does not verify"},
    [PST_DKIM_WHY_EXPIRED] = {"expired", "signature expired"},
    [PST_DKIM_WHY_FUTURE] = {"future", "signed in the future"},
    [PST_DKIM_WHY_TIMES] = {"syntax", "t= or x= is invalid"},
    [PST_DKIM_WHY_PARTIAL] = {"partial-body",
	"l= covers only part of the body"},
    [PST_DKIM_WHY_LENGTH_LARGE] = {"length", "l= is larger than the body"},
    [PST_DKIM_WHY_LENGTH] = {"syntax", "l= is not a number"},
    [PST_DKIM_WHY_REPEATED] = {"repeated-field", "repeated field not signed"},
    [PST_DKIM_WHY_FROM_UNSIGNED] = {"from-not-signed", "From is not signed"},
    [PST_DKIM_WHY_NO_FROM] = {"no-from", "no From field"},
    [PST_DKIM_WHY_IDENTITY] = {"syntax", "i= is not an identity"},
    [PST_DKIM_WHY_IDENTITY_ABOVE] = {"identity", "i= is not within d="},
    [PST_DKIM_WHY_SUFFIX] = {"public-suffix", "d= is a public suffix"},
    [PST_DKIM_WHY_TOP_LEVEL] = {"public-suffix", "d= is a top-level domain"},
    [PST_DKIM_WHY_DOMAIN] = {"syntax", "d= is not a domain name"},
    [PST_DKIM_WHY_SELECTOR] = {"syntax", "s= is not a selector"},
    [PST_DKIM_WHY_TAG_LIST] = {"syntax", "not a valid tag list"},
    [PST_DKIM_WHY_TAG_TWICE] = {"syntax", "tag given twice"},
    [PST_DKIM_WHY_TAG_MISSING] = {"syntax", "required tag missing"},
    [PST_DKIM_WHY_BASE64] = {"syntax", "b= or bh= is not base64"},
    [PST_DKIM_WHY_NAMES] = {"syntax", "h= is not a list of field names"},
    [PST_DKIM_WHY_VERSION] = {"unknown", "unknown signature version"},
    [PST_DKIM_WHY_ALGORITHM] = {"unknown", "unknown algorithm"},
    [PST_DKIM_WHY_CANON] = {"unknown", "unknown canonicalization"},
    [PST_DKIM_WHY_QUERY] = {"unknown", "unknown query method"},
    [PST_DKIM_WHY_SHA1] = {"sha1", "rsa-sha1 is not accepted"},
    [PST_DKIM_WHY_ODD] = {"bare-line-end",
	"bare CR, bare LF or NUL in signed text"},
    [PST_DKIM_WHY_NOT_UNDERSTOOD] = {"not-understood",
	"signature not understood"},
    [PST_DKIM_WHY_MANY_SIGNATURES] = {"limit",
	"not checked: too many signatures"},
    [PST_DKIM_WHY_MANY_TAGS] = {"limit", "too many tags"},
    [PST_DKIM_WHY_FIELD_LONG] = {"limit", "signature is too long"},
    [PST_DKIM_WHY_NAMES_LONG] = {"limit", "h= is too long"},
    [PST_DKIM_WHY_HEADER] = {"limit", "header limits exceeded"},
    [PST_DKIM_WHY_CRASHED] = {"temperror",
	"libopendkim is not used, because it has crashed"},
};

const char *
pst_dkim_why_text(enum pst_dkim_why why)
{
	return reasons[why].text;
}

const char *
pst_dkim_why_word(enum pst_dkim_why why)
{
	return reasons[why].word;
}
