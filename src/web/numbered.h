/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lists whose rows have numbers and come newest first: the key of a row is its number counted from
 * above, the high byte first.
 */
#pragma once

#include "web/list.h"

enum { NUMBERED_KEY_BYTES = 8 };

void numbered_key(int64_t number, char out[NUMBERED_KEY_BYTES]);
/* INT64_MAX for an empty key: behind nothing yet. */
int64_t numbered_of_key(struct str key);

/* A page of rows on its way to each(), for walks on functions that cannot be stopped. */
struct numbered {
	struct request *request;
	int64_t before; /* rows of this number and above are passed over */
	list_each each;
	void *state;
	bool is_stopped;
	size_t n;        /* rows that came, passed over or not */
	int64_t last;    /* the last one's number */
	struct buf text; /* for what rows point to */
};

/* Gives the row on, unless it is before the page or nobody wants more. */
void numbered_give(struct numbered *numbered, int64_t number, struct list_row *row);

struct cell numbered_text(struct str text);
struct cell numbered_time(int64_t time_s); /* 0: null */
struct cell numbered_flag(bool flag);

/* The one row of a number as {"NAME": row}, with the object left open; ERR_NOT_FOUND. */
NODISCARD enum err numbered_one(struct request *request, const struct list *list, const char *name,
	struct json_writer *json, int64_t *number, struct why *why);
