/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/journal_mail.h"

#include <stdio.h>
#include <string.h>

#define BASE64                                                                 \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
#define LETTERS "bcdfghjklmnpqrstvwxzaeiouaeiou23456789"

struct random {
	uint64_t state;
};

static uint64_t
next(struct random *random)
{
	uint64_t z = (random->state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static const char *
word(struct random *random, const char *letters, size_t len, char *out)
{
	size_t count = strlen(letters);

	for (size_t i = 0; i < len; i++)
		out[i] = letters[next(random) % count];
	out[len] = '\0';
	return out;
}

/* What belongs to a domain and is the same in each of its entries. */
struct domain {
	char name[24], spf[128], dmarc[160], selector[16], key[420];
};

static void
make_domain(struct domain *out, uint64_t number)
{
	static const char *const tops[] = {
	    "com", "net", "org", "example", "de", "co.uk"};
	struct random random = {number * 7919 + 1};
	char a[16], b[16];

	(void)snprintf(out->name, sizeof(out->name), "%s.%s",
	    word(&random, LETTERS, 6 + next(&random) % 9, a),
	    tops[next(&random) % 6]);
	(void)snprintf(out->spf, sizeof(out->spf),
	    "v=spf1 ip4:%u.%u.%u.0/24 include:_spf.%s.example %call",
	    (unsigned)(next(&random) % 223 + 1),
	    (unsigned)(next(&random) % 256), (unsigned)(next(&random) % 256),
	    word(&random, LETTERS, 5, a), next(&random) % 2 ? '-' : '~');
	(void)snprintf(out->dmarc, sizeof(out->dmarc),
	    "v=DMARC1; p=%s; rua=mailto:%s@%s",
	    next(&random) % 2 ? "reject" : "quarantine",
	    word(&random, LETTERS, 6, b), out->name);
	(void)word(&random, LETTERS, 8, out->selector);
	(void)word(&random, BASE64, 392, out->key);
}

const char *
mail_queue_id(uint64_t number, char text[96])
{
	struct random random = {number ^ UINT64_C(0x5555000000000000)};

	return word(&random, "0123456789ABCDEF", 11, text);
}

static void
set_key(struct mail *mail, size_t at, enum pst_journal_kind kind)
{
	mail->keys[at].kind = kind;
	mail->keys[at].value = pst_str(mail->texts[at]);
}

static void
make_keys(struct mail *mail, uint64_t number, const struct domain *domain,
    struct random *random)
{
	const unsigned customer = (unsigned)(next(random) % 40);
	char a[20], b[16];

	(void)mail_queue_id(number, mail->texts[0]);
	(void)snprintf(mail->texts[1], 128, "%s.%s@%s",
	    word(random, LETTERS, 16, a), word(random, LETTERS, 8, b),
	    domain->name);
	(void)snprintf(mail->texts[2], 128, "%s", domain->name);
	(void)snprintf(mail->texts[3], 128, "%u.%u.%u.%u",
	    (unsigned)(next(random) % 223 + 1), (unsigned)(next(random) % 256),
	    (unsigned)(next(random) % 256), (unsigned)(next(random) % 256));
	(void)snprintf(mail->texts[5], 128, "customer%u.example", customer);
	(void)snprintf(mail->texts[4], 128, "%s@customer%u.example",
	    word(random, LETTERS, 4 + next(random) % 3, a), customer);
	set_key(mail, 0, PST_JOURNAL_QUEUE_ID);
	set_key(mail, 1, PST_JOURNAL_MESSAGE_ID);
	set_key(mail, 2, PST_JOURNAL_FROM_DOMAIN);
	set_key(mail, 3, PST_JOURNAL_CLIENT);
	set_key(mail, 4, PST_JOURNAL_RCPT);
	set_key(mail, 5, PST_JOURNAL_RCPT_DOMAIN);
}

/* A third of this mail has a signature, so its key is in the transcript. */
static int
make_signature(
    char *out, size_t size, const struct domain *domain, struct random *random)
{
	if (next(random) % 3 != 0)
		return snprintf(out, size, "\"dkim\":[]");
	return snprintf(out, size,
	    "\"dkim\":[{\"d\":\"%s\",\"s\":\"%s\",\"a\":\"rsa-sha256\","
	    "\"result\":\"fail\",\"reason\":\"body hash did not verify\"}],"
	    "\"key\":{\"name\":\"%s._domainkey.%s\",\"type\":\"TXT\","
	    "\"rcode\":0,\"ttl\":%u,\"records\":[\"v=DKIM1; k=rsa; p=%s\"]}",
	    domain->name, domain->selector, domain->selector, domain->name,
	    (unsigned)(next(random) % 3600), domain->key);
}

void
mail_make(struct mail *mail, uint64_t number, int64_t seen_s)
{
	struct random random = {number};
	struct domain domain;
	char signature[1200], local[16];
	/* The product of two makes some domains frequent and most rare. */
	uint64_t choice = next(&random) % MAIL_DOMAINS *
	    (next(&random) % MAIL_DOMAINS) / MAIL_DOMAINS;
	int len;

	make_domain(&domain, choice);
	make_keys(mail, number, &domain, &random);
	(void)make_signature(signature, sizeof(signature), &domain, &random);
	len = snprintf(mail->octets, sizeof(mail->octets),
	    "{\"id\":\"%s\",\"time\":%lld,\"client\":\"%s\",\"helo\":\"mx.%s\","
	    "\"mail_from\":\"%s@%s\",\"rcpt\":[\"%s\"],\"message_id\":\"<%s>\","
	    "\"from\":\"%s\",\"iprev\":{\"result\":\"fail\",\"reason\":\"no PTR"
	    " record\"},\"spf\":{\"result\":\"fail\",\"domain\":\"%s\","
	    "\"reason\":\"%s is not permitted\"},%s,\"dmarc\":{\"result\":"
	    "\"fail\",\"policy\":\"reject\",\"reason\":\"nothing aligned\"},"
	    "\"dns\":[{\"name\":\"%s\",\"type\":\"TXT\",\"rcode\":0,\"ttl\":%u,"
	    "\"records\":[\"%s\"]},{\"name\":\"_dmarc.%s\",\"type\":\"TXT\","
	    "\"rcode\":0,\"ttl\":%u,\"records\":[\"%s\"]},{\"name\":\"%s."
	    "in-addr.arpa\",\"type\":\"PTR\",\"rcode\":3,\"ttl\":0}],"
	    "\"action\":\"reject\",\"would\":\"reject\",\"rule\":\"dmarc\","
	    "\"reply\":\"550 5.7.26 %s publishes p=reject and this message "
	    "is not aligned\"}",
	    mail->texts[0], (long long)seen_s, mail->texts[3], domain.name,
	    word(&random, LETTERS, 7, local), domain.name, mail->texts[4],
	    mail->texts[1], domain.name, domain.name, mail->texts[3], signature,
	    domain.name, (unsigned)(next(&random) % 3600), domain.spf,
	    domain.name, (unsigned)(next(&random) % 3600), domain.dmarc,
	    mail->texts[3], domain.name);
	mail->entry = (struct pst_journal_entry){
	    .stream = PST_JOURNAL_OTHER,
	    .seen_s = seen_s,
	    .octets = {mail->octets, (size_t)len},
	    .keys = mail->keys,
	    .key_count = MAIL_KEYS,
	};
}
