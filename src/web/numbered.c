/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/numbered.h"

void numbered_key(int64_t number, char out[NUMBERED_KEY_BYTES])
{
	uint64_t rest = (uint64_t)(INT64_MAX - number);

	for (size_t i = NUMBERED_KEY_BYTES; i > 0; i--) {
		out[i - 1] = (char)(rest & 0xff);
		rest >>= 8;
	}
}

int64_t numbered_of_key(struct str key)
{
	uint64_t rest = 0;

	for (size_t i = 0; i < NUMBERED_KEY_BYTES && i < key.n; i++)
		rest = rest << 8 | (uint8_t)key.p[i];
	return key.n == 0 ? INT64_MAX : INT64_MAX - (int64_t)rest;
}

void numbered_give(struct numbered *numbered, int64_t number, struct list_row *row)
{
	char key[NUMBERED_KEY_BYTES];

	numbered->n++;
	numbered->last = number;
	if (numbered->is_stopped || number >= numbered->before)
		return;
	numbered_key(number, key);
	row->key = str_from(key, sizeof key);
	numbered->is_stopped = !numbered->each(numbered->state, row);
}

struct cell numbered_text(struct str text)
{
	return (struct cell){ .text = text };
}

struct cell numbered_time(int64_t time_s)
{
	return (struct cell){ .number = time_s, .is_null = time_s == 0 };
}

struct cell numbered_flag(bool flag)
{
	return (struct cell){ .number = flag };
}

struct one {
	const struct list *list;
	struct json_writer *json;
	bool is_found;
};

static bool write_one(void *state, const struct list_row *row)
{
	struct one *one = state;

	one->is_found = true;
	list_write_row(one->list, one->json, row);
	return false;
}

enum err numbered_one(struct request *request, const struct list *list, const char *name,
	struct json_writer *json, int64_t *number, struct why *why)
{
	struct one one = { list, json, false };
	char key[NUMBERED_KEY_BYTES];
	struct str keys[] = { { key, sizeof key } };

	if (!parse_i64(request->capture, number) || *number < 0)
		return fail(why, ERR_USAGE, "it is named by its number");
	numbered_key(*number, key);
	*json = response_json(request);
	json_object_begin(json);
	json_key(json, name);
	TRY(list->get(request, keys, ARRAY_LEN(keys), write_one, &one, why));
	if (!one.is_found)
		return fail(why, ERR_NOT_FOUND, "there is no %s %lld", name, (long long)*number);
	return OK;
}
