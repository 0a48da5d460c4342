/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/canary.h"

#include <assert.h>

#include "base/str.h"
#include "dns/overlay.h"
#include "dns/zone.h"

#define REVERSE                                                                \
	"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.4.7.3.7.f.6.0.7.8.b.d.0.1.0.0.2"      \
	".ip6.arpa"

/*
 * The last name is a question of the tree walk, which has no answer anywhere;
 * without it here, the canary would depend on a server of the DNS.
 */
static const char *const names[] = {
    "postern-canary.invalid", REVERSE, "_dmarc.invalid", NULL};

/* The signature of tools/canary.c is made with the key's other half. */
static const char zone_text[] =
    "$TTL 300\n"
    "_dmarc." PST_CANARY_GENUINE ". TXT \"v=DMARC1; p=reject\"\n"
    "_dmarc." PST_CANARY_FORGED
    ". TXT \"v=DMARC1; p=reject\"\n" PST_CANARY_GENUINE
    ". TXT \"v=spf1 ip6:" PST_CANARY_CLIENT " -all\"\n" PST_CANARY_FORGED
    ". TXT \"v=spf1 -all\"\n" PST_CANARY_HOST ". AAAA " PST_CANARY_CLIENT
    "\n" PST_CANARY_HOST ". TXT \"v=spf1 ip6:" PST_CANARY_CLIENT
    " -all\"\n" REVERSE ". PTR " PST_CANARY_HOST ".\n" PST_CANARY_SELECTOR
    "._domainkey." PST_CANARY_GENUINE ". TXT "
    "\"v=DKIM1; k=rsa; p=\" "
    "\"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAkJ6STipaYeHq3J5U\" "
    "\"Uw5OB1XoLSNp9fbUNJ0X+HHQtnv3z07mXaN3tevRnQ+IUihDJ05N6SIf4jHB\" "
    "\"AoeGe2GKYccSYSH83/JM3IDckmP4pV1wS8Srx1Xeizi6eZOhbiR2bezEtu6m\" "
    "\"n0KUJNHweKv5IRe4GisepV+WDFt/+ffgQvOw4eGMEoLSUlKZ4WwMXIc9wTU7\" "
    "\"txp11AmRqI2iKGG5END+g0t0yLfRPVEJ4RPwdokog+A8+iJSwKUfPjYGTrBx\" "
    "\"w8pZhO6vgwK6QcIjswgd/feB2bbpJz+L+++RMifR5dxXtatxofYY5sdFK18S\" "
    "\"6j+6byIBUz+NF++A21Vy/jn42wIDAQAB\" "
    "\n";

struct pst_resolver *
pst_canary_resolver(struct pst_resolver *below)
{
	struct pst_err err;
	struct pst_resolver *zone = pst_zone_parse(
	    zone_text, sizeof(zone_text) - 1, "the canary's zone", &err);

	assert(zone != NULL); /* the text is ours */
	return pst_overlay_new(below, zone, names);
}
