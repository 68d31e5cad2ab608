/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Made claims for the tests of learning. */
#pragma once

#include "prop.h"

#include "base/clock.h"
#include "learn/learn.h"

#define AT INT64_C(1795381200)

enum { MADE_SOURCES_MAX = 256 };

struct made {
	struct model base;
	struct score_source sources[MADE_SOURCES_MAX];
	size_t source_count;
	struct learn *learn;
	struct arena arena;
	struct prop chance;
};

void made_init(struct made *made, uint64_t seed);
void made_done(struct made *made); /* for CLEANUP */
/* Number of a new source; each is a family of its own. */
uint32_t made_source(struct made *made, const char *name, enum source_standing standing);
/* Once all sources are there. */
void made_begin(struct made *made, const struct rules *rules);

/* The key of an IPv4 address, in the arena. */
struct str made_key(struct made *made, uint32_t address);
/* 0..1 */
double made_unit(struct made *made);
bool made_is(struct made *made, double probability);

/* Listed at AT since days before, role src. */
struct learn_claim made_listed(struct str key, uint32_t source, double days);
/* Seen once, days before AT. */
struct learn_claim made_seen(struct str key, uint32_t source, double days);
/* Not known at AT; seen days after. */
struct learn_claim made_news(struct str key, uint32_t source, double days);

/* Finishes; the report is checked to be JSON. */
void made_finish(struct made *made, struct learn_what what, struct model *out, struct buf *report);
const struct model_source *made_found(const struct model *model, const char *name);
/* Does the source repeat the family of that name? */
bool made_repeats(const struct model_source *source, const char *family);
