/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the snapshot says of an indicator, and how it looks as JSON: the same object in /v1/ip,
 * /v1/name, /v1/url and in each line of a bulk look-up.
 */
#pragma once

#include "web/request.h"

#include "evidence/indicator.h"
#include "score/action.h"

struct lookup {
	struct indicator indicator;
	const struct pehra_verdict *verdict; /* NULL: nothing is known */
	struct pehra_detail detail;
	bool is_listed_within; /* nothing covers it as a whole, but something in it is listed */
};

/* A prefix gets the verdict of an entry that holds all of it. */
void lookup_find(
	const struct pehra *snapshot, const struct indicator *indicator, struct lookup *out);

/* Members into an object that is open. */
void lookup_write(struct json_writer *json, const struct request *request,
	const struct pehra *snapshot, const struct lookup *lookup);

/* The highest of the roles' scores. */
uint8_t verdict_score(const struct pehra_verdict *verdict);

/* ERR_BUSY: there is no snapshot yet. */
NODISCARD enum err lookup_snapshot(
	struct request *request, const struct pehra **out, struct why *why);
