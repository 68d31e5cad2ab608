/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A model as it is kept: the parameters, what was learned of each source, and the networks. Stored
 * as JSON text (learn/model_store.h), shown to people as it is.
 */
#pragma once

#include "base/json_read.h"
#include "base/json_write.h"
#include "score/networks.h"
#include "score/score.h"

enum { MODEL_SOURCES_MAX = 65535 };

/* Of one source, by name, because numbers differ between stores. */
struct model_source {
	struct str name;
	struct str family; /* the name of the family's first member */
	bool is_proven;
	struct {
		float weight;
		/* what it was learned from, with the decay of old experience */
		double confirmed;
		double refuted;
		double unconfirmed;
	} role[ROLE_COUNT];
	struct str leaders[SCORE_LEADERS_MAX]; /* names of families */
	uint8_t leader_count;
};

struct model {
	struct score_model score;     /* its networks point to the member below, or NULL */
	struct model_source *sources; /* sorted by name */
	size_t source_count;
	struct score_networks networks;
	struct arena arena; /* of names and sources */
};

/* The built-in one: no sources, no networks. */
void model_default(struct model *out);
void model_done(struct model *model); /* for CLEANUP */
const struct model_source *model_source_find(const struct model *model, struct str name);

/* Reading what was written gives the same scores bit by bit (numbers are written with 17 digits).
 */
void model_write(struct json_writer *json, const struct model *model);
/* ERR_SYNTAX names the member; every number is checked against its bounds. */
NODISCARD enum err model_read(struct json_node node, struct model *out, struct why *why);
