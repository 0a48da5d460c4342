/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "base/buf.h"
#include "tests/unit/dkim_sign.h"
#include "tests/unit/truth.h"

#define MAX_ZONE ((size_t)1 << 20)

/* Networks: those of the domains are their numbers times four. */
#define OWN_NETWORK(domain) ((domain)*4)
#define MORE_NETWORKS 1000 /* of the others */
#define BOTS 20000

/* From domains 0 to 39 have p=reject, then quarantine, none, no record. */
#define REJECTING 40
#define QUARANTINING 48
#define PUBLISHING 54

static const char *const words[] = {
    [TRUTH_OWN] = "own servers",
    [TRUTH_NO_SPF] = "server missing in SPF",
    [TRUTH_BROKEN_KEY] = "broken key",
    [TRUTH_LATER_BROKEN] = "key broken later",
    [TRUTH_SMALL] = "small, nothing right",
    [TRUTH_ESP] = "ESP, own name only",
    [TRUTH_ESP_MIXED] = "ESP, some aligned",
    [TRUTH_WEB] = "web server",
    [TRUTH_SRS] = "forwarder, SRS",
    [TRUTH_PLAIN] = "forwarder, plain",
    [TRUTH_LIST] = "list, signs",
    [TRUTH_LIST_SPF] = "list, SPF only",
    [TRUTH_BOTNET] = "botnet",
    [TRUTH_BOTNET_SLOW] = "botnet that returns",
    [TRUTH_SNOWSHOE] = "snowshoe",
    [TRUTH_CHEAP] = "one name, all domains",
    [TRUTH_LISTED] = "forger's list",
    [TRUTH_VISIT] = "rented for some days",
    [TRUTH_PATIENT] = "patient, own DKIM",
    [TRUTH_RENTED] = "patient, own server",
    [TRUTH_FLOOD] = "random From domains",
};

bool
truth_is_genuine(enum truth_kind kind)
{
	return kind < TRUTH_BOTNET;
}

const char *
truth_word(enum truth_kind kind)
{
	return words[kind];
}

const char *
truth_domain(struct truth *truth, unsigned number)
{
	return pst_arena_printf(truth->arena, "brand%02u.example", number);
}

static struct truth_flow *
add(struct truth *truth, struct truth_flow flow)
{
	struct truth_flow *made = pst_arena_alloc(truth->arena, sizeof(*made));

	if (flow.every == 0)
		flow.every = 1;
	if (flow.until == 0)
		flow.until = TRUTH_DAYS;
	if (flow.domains == 0)
		flow.domains = 1;
	if (flow.networks == 0)
		flow.networks = 1;
	*made = flow;
	made->next = truth->flows;
	truth->flows = made;
	return made;
}

/* Adds a name that signs and, if networks is not 0, passes SPF from there. */
static void
name(struct truth *truth, const char *domain, unsigned network,
    unsigned networks)
{
	pst_buf_printf(
	    truth->zone, "%s. A 10.0.0.1\n%s. TXT \"v=spf1", domain, domain);
	for (unsigned i = network; i < network + networks; i++)
		pst_buf_printf(
		    truth->zone, " ip4:10.%u.%u.0/24", i / 256, i % 256);
	pst_buf_printf(truth->zone, " -all\"\n");
	pst_buf_printf(truth->zone,
	    "s._domainkey.%s. TXT \"v=DKIM1; k=ed25519; p=%s\"\n", domain,
	    sign_key_public(truth->arena, truth->key, SIGN_SPKI));
}

static void
add_domain(struct truth *truth, unsigned number, unsigned many)
{
	const unsigned sizes[] = {6, 2, 1};
	const unsigned size = number % 3;
	struct truth_flow own = {.kind = TRUTH_OWN,
	    .every = size == 2 ? 4 : 1,
	    .first = number % 4,
	    .count = sizes[size] * many,
	    .domain = number,
	    .network = OWN_NETWORK(number),
	    .networks = 1 + number % 2,
	    .signer = number % 5 == 0 ? NULL : ""};

	name(truth, truth_domain(truth, number), own.network, own.networks);
	if (number < PUBLISHING)
		pst_buf_printf(truth->zone,
		    "_dmarc.%s. TXT \"v=DMARC1; p=%s\"\n",
		    truth_domain(truth, number),
		    number < REJECTING        ? "reject" :
			number < QUARANTINING ? "quarantine" :
						"none");
	(void)add(truth, own);
}

/* Those who made mistakes: what they have else is in order. */
static void
add_mistakes(struct truth *truth, unsigned many)
{
	for (unsigned i = 0; i < 6; i++) {
		const unsigned domain = 1 + i * 5;

		(void)add(truth,
		    (struct truth_flow){.kind = TRUTH_NO_SPF,
			.every = 1 + i % 3,
			.count = many,
			.domain = domain,
			.network = OWN_NETWORK(domain) + 2});
		(void)add(truth,
		    (struct truth_flow){.kind = TRUTH_BROKEN_KEY,
			.first = i,
			.every = 1 + i,
			.count = 2 * many,
			.domain = domain + 1,
			.network = OWN_NETWORK(domain + 1) + 2,
			.signer = "",
			.selector = "gone"});
	}
	for (unsigned i = 0; i < 3; i++) {
		struct truth_flow flow = {.kind = TRUTH_LATER_BROKEN,
		    .count = many,
		    .until = 22,
		    .domain = 3 + i * 10,
		    .network = OWN_NETWORK(3 + i * 10) + 3,
		    .signer = "",
		    .return_path = "nobody.example"};

		(void)add(truth, flow);
		flow.selector = "gone";
		flow.first = 22;
		flow.until = TRUTH_DAYS;
		(void)add(truth, flow);
	}
	for (unsigned i = 0; i < 4; i++)
		(void)add(truth,
		    (struct truth_flow){.kind = TRUTH_SMALL,
			.first = i,
			.every = 4 + i,
			.count = 1,
			.domain = 31 + i * 2,
			.network = OWN_NETWORK(31 + i * 2) + 2});
}

static void
add_services(struct truth *truth, unsigned many)
{
	name(truth, "mailer.example", 1000, 4);
	for (unsigned i = 0; i < 8; i++)
		(void)add(truth,
		    (struct truth_flow){.kind = TRUTH_ESP,
			.first = i % 7,
			.every = i % 3 == 0 ? 7 : 1 + i,
			.count = (i % 3 == 0 ? 6 : 2) * many,
			.domain = 4 + i * 6,
			.network = 1000,
			.networks = 4,
			.signer = "mailer.example",
			.return_path = "mailer.example"});
	name(truth, "letters.example", 1010, 2);
	for (unsigned i = 0; i < 14; i++)
		(void)add(truth,
		    (struct truth_flow){.kind = TRUTH_ESP_MIXED,
			.first = i % 5,
			.every = 1 + i % 5,
			.count = 2 * many,
			.domain = 5 + i * 3,
			.network = 1010,
			.networks = 2,
			.signer = i % 2 == 0 ? "letters.example" : "",
			.return_path = "letters.example"});
	for (unsigned i = 0; i < 3; i++)
		(void)add(truth,
		    (struct truth_flow){.kind = TRUTH_WEB,
			.first = i,
			.every = 1 + i,
			.count = many,
			.domain = 10 + i * 9,
			.network = 1020,
			.return_path = "nobody.example"});
}

static void
add_forwarders(struct truth *truth, unsigned many)
{
	const struct {
		enum truth_kind kind;
		unsigned network;
		const char *return_path;
	} forwarders[] = {
	    {TRUTH_SRS, 1030, "alumni.example"}, {TRUTH_PLAIN, 1040, NULL}};

	name(truth, "alumni.example", 1030, 1);
	for (unsigned i = 0; i < PST_COUNT(forwarders); i++) {
		for (unsigned domain = 0; domain < TRUTH_DOMAINS; domain++) {
			if (domain % 7 == 6 && domain % 5 != 0)
				continue;
			(void)add(truth,
			    (struct truth_flow){.kind = forwarders[i].kind,
				.first = (domain * 7 + i) % 11,
				.every = 3 + domain % 9,
				.count = 1 + (many > 1),
				.domain = domain,
				.network = forwarders[i].network,
				.signer = domain % 5 == 0 ? NULL : "",
				.return_path = forwarders[i].return_path,
				.srs = forwarders[i].return_path != NULL});
		}
	}
}

static void
add_lists(struct truth *truth, unsigned many)
{
	name(truth, "lists.example", 1050, 1);
	name(truth, "club.example", 1060, 1);
	for (unsigned i = 0; i < 15; i++) {
		(void)add(truth,
		    (struct truth_flow){.kind = TRUTH_LIST,
			.first = i % 9,
			.every = 1 + i % 8,
			.count = many,
			.domain = i * 3,
			.network = 1050,
			.signer = "lists.example",
			.return_path = "lists.example",
			.list_id = "talk.lists.example"});
		(void)add(truth,
		    (struct truth_flow){.kind = TRUTH_LIST_SPF,
			.first = i % 5,
			.every = 2 + i % 6,
			.count = many,
			.domain = 1 + i * 3,
			.network = 1060,
			.return_path = "club.example",
			.list_id = "news.club.example"});
	}
}

static void
add_crowds(struct truth *truth, unsigned many)
{
	(void)add(truth,
	    (struct truth_flow){.kind = TRUTH_BOTNET,
		.count = 60 * many,
		.domains = 30,
		.network = BOTS,
		.networks = 3000});
	(void)add(truth,
	    (struct truth_flow){.kind = TRUTH_BOTNET_SLOW,
		.count = 15 * many,
		.domain = 2,
		.domains = 2,
		.network = BOTS + 5000,
		.networks = 40});
	(void)add(truth,
	    (struct truth_flow){.kind = TRUTH_FLOOD,
		.count = 20 * many,
		.domain = TRUTH_DOMAINS,
		.network = BOTS + 10000,
		.networks = 2000});
	for (unsigned i = 0; i < 13; i++) {
		const char *domain =
		    pst_arena_printf(truth->arena, "snow%u.example", i);

		name(truth, domain, 1100 + 6 * i, 6);
		(void)add(truth,
		    (struct truth_flow){.kind = TRUTH_SNOWSHOE,
			.first = 3 * i,
			.until = 3 * i + 3,
			.count = 10 * many,
			.domains = 12,
			.network = 1100 + 6 * i,
			.networks = 6,
			.signer = i % 2 == 0 ? domain : NULL,
			.return_path = domain});
	}
}

static void
add_forgers(struct truth *truth, unsigned many)
{
	name(truth, "cheap.example", 1200, 1);
	(void)add(truth,
	    (struct truth_flow){.kind = TRUTH_CHEAP,
		.count = 12 * many,
		.domains = REJECTING,
		.network = 1200,
		.signer = "cheap.example",
		.return_path = "cheap.example"});
	name(truth, "fakelist.example", 1210, 1);
	(void)add(truth,
	    (struct truth_flow){.kind = TRUTH_LISTED,
		.count = 3 * many,
		.domain = 7,
		.domains = 2,
		.network = 1210,
		.signer = "fakelist.example",
		.return_path = "fakelist.example",
		.list_id = "x.fakelist.example"});
	for (unsigned i = 0; i < 5; i++)
		(void)add(truth,
		    (struct truth_flow){.kind = TRUTH_VISIT,
			.first = 6 * i + 2,
			.until = 6 * i + 5,
			.count = 8 * many,
			.domain = 11 + i,
			.network = 1220 + i,
			.return_path = "nobody.example"});
	name(truth, "patient.example", 1230, 1);
	(void)add(truth,
	    (struct truth_flow){.kind = TRUTH_PATIENT,
		.count = 2 * many,
		.domain = 12,
		.network = 1230,
		.signer = "patient.example",
		.return_path = "patient.example"});
	(void)add(truth,
	    (struct truth_flow){.kind = TRUTH_RENTED,
		.count = 2 * many,
		.domain = 18,
		.network = 1240,
		.return_path = "nobody.example"});
}

const char *
truth_world(struct truth *truth, unsigned many)
{
	struct pst_buf zone;

	pst_buf_init(&zone, truth->arena, MAX_ZONE);
	truth->zone = &zone;
	pst_buf_add_text(&zone, "nobody.example. A 10.0.0.1\n");
	for (unsigned i = 0; i < TRUTH_DOMAINS; i++)
		add_domain(truth, i, many);
	add_mistakes(truth, many);
	add_services(truth, many);
	add_forwarders(truth, many);
	add_lists(truth, many);
	add_crowds(truth, many);
	add_forgers(truth, many);
	truth->zone = NULL;
	return pst_buf_str(&zone);
}
