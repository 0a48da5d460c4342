/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "dns_fixture.h"

const struct pst_dns_limits limits = {5, 1000, 16384, 0};

const struct pst_dns_answer *
make_answer(const char *text)
{
	struct pst_dns_record record = {.data = pst_str(text)};
	struct pst_dns_answer *answer =
	    pst_dns_answer_new(PST_DNS_OK, 60, 1, record.data.len);

	pst_dns_answer_add(answer, &record);
	return answer;
}

static void
stub_ask(struct pst_resolver *resolver, struct pst_dns_job *job)
{
	struct stub *stub = (struct stub *)(void *)resolver;

	stub->asked++;
	switch (stub->mode) {
	case STUB_ANSWER:
		pst_dns_job_complete(job, make_answer("now"), 0);
		return;
	case STUB_DELAY:
		pst_dns_job_complete(job, make_answer("late"), stub->after_ms);
		return;
	case STUB_LOSE:
		pst_dns_job_lose(job);
		return;
	case STUB_KEEP:
		assert_true(stub->kept_count < MAX_JOBS);
		stub->kept[stub->kept_count++] = job;
		return;
	}
}

static void
stub_free(struct pst_resolver *resolver)
{
	((struct stub *)(void *)resolver)->asked = 0;
}

struct fixture *
setup(enum stub_mode mode)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	f.stub.resolver.ask = stub_ask;
	f.stub.resolver.free = stub_free;
	f.stub.mode = mode;
	f.clock = pst_clock_manual(1000);
	f.arena = pst_arena_new();
	f.dns = pst_dns_open(f.arena, &f.stub.resolver, &f.clock, limits);
	return &f;
}

const struct pst_dns_entry *
ask_as(struct fixture *f, unsigned reader, const char *name)
{
	return pst_dns_ask(f->dns,
	    (struct pst_dns_asker){reader, PST_DNS_OTHER}, pst_str(name),
	    PST_DNS_TXT);
}

const struct pst_dns_entry *
ask(struct fixture *f, const char *name)
{
	return ask_as(f, PST_DNS_NOBODY, name);
}
