/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keeper/keeper_fixture.h"

#include "base/clock.h"
#include "base/io.h"
#include "config/config_json.h"
#include "evidence/query.h"
#include "keeper/live.h"
#include "snapshot/open.h"

#include <ftw.h>
#include <math.h>
#include <unistd.h>

enum { ANSWER_MS = 10000, TASK_TURNS_MAX = 100000 };

static const char catalogue[] = "feeds:\n"
				"  - name: sensor-a\n"
				"    title: a sensor\n"
				"    licence: none\n"
				"    format: plain\n"
				"    role: src\n"
				"    category: scanner\n"
				"    weight: 3.5\n";

static int64_t shown_s;

static int64_t fixed_now(void *state)
{
	(void)state;
	return shown_s;
}

static const struct clock fixed = { .now_s = fixed_now };

void place_clock_set(int64_t now_s)
{
	shown_s = now_s;
}

static int remove_one(const char *path, const struct stat *stat, int type, struct FTW *ftw)
{
	(void)stat;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void service_make(struct place *place)
{
	struct why why = { 0 };
	int ends[2];

	place->service = calloc(1, sizeof *place->service);
	must(place->service != NULL);
	place->service->child = calloc(1, sizeof *place->service->child);
	must(place->service->child != NULL);
	place->keeper = &place->service->keeper;
	must(channel_pair(ends, &why) == OK);
	channel_init(&place->asker, ends[0], PROCESS_KEEPER, PROCESS_CONTROL, NULL);
	channel_init(&place->caller, ends[1], PROCESS_CONTROL, PROCESS_KEEPER, NULL);
}

int place_set_up(void **state)
{
	struct place *place = calloc(1, sizeof *place);
	CLEANUP(buf_done) struct buf json = { 0 };
	CLEANUP(buf_done) struct buf path = { 0 };
	struct config config;
	struct why why = { 0 };

	must(place != NULL);
	place_clock_set(PLACE_NOW_S);
	(void)snprintf(place->data, sizeof place->data, "/tmp/pehra-keeper.XXXXXX");
	must(mkdtemp(place->data) != NULL);
	config_init(&config);
	must(config_set(&config, "data", str_c(place->data), &why) == OK);
	must(keeper_init_data(place->data, &config, &fixed, &why) == OK);
	(void)keeper_path(&path, place->data, KEEPER_CATALOGUE_FILE);
	must(file_replace(buf_c(&path), STR(catalogue), 0644, &why) == OK);
	config_to_json(&config, &json);
	config_done(&config);
	service_make(place);
	if (keeper_open(place->keeper, place->data, &fixed, buf_view(&json), &why) != OK)
		fail_msg("%s", why.text);
	*state = place;
	return 0;
}

int place_tear_down(void **state)
{
	struct place *place = *state;

	tasks_cancel(place->service);
	buf_done(&place->service->touched);
	keeper_close(place->keeper);
	channel_done(&place->asker);
	channel_done(&place->caller);
	(void)nftw(place->data, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(place->service->child);
	free(place->service);
	free(place);
	return 0;
}

void place_build(struct place *place)
{
	struct build_result result;
	struct why why = { 0 };

	if (build_generation(place->keeper, place->keeper->db, shown_s, &result, &why) != OK)
		fail_msg("%s", why.text);
}

void place_show(struct place *place)
{
	struct why why = { 0 };
	bool is_anew;

	place_build(place);
	if (live_reopen(place->keeper, &is_anew, &why) != OK)
		fail_msg("%s", why.text);
}

void place_import(struct place *place, const char *source, const struct claim *claim)
{
	struct why why = { 0 };

	if (import_one(place->keeper->db, str_c(source), claim, shown_s, &why) != OK)
		fail_msg("%s", why.text);
	assert_int_equal(keeper_sources_reload(place->keeper, str_c(source), &why), OK);
}

void place_vouch(struct place *place, const char *source)
{
	struct source_properties properties = { .weight = (double)NAN,
		.standing = STANDING_VOUCHED };
	struct why why = { 0 };

	if (source_set(place->keeper->db, str_c(source), &properties, shown_s, &why) != OK)
		fail_msg("%s", why.text);
	assert_int_equal(keeper_sources_reload(place->keeper, str_c(source), &why), OK);
}

static enum err list_import(
	struct place *place, const char *source, const struct claim_batch *batch, struct why *why)
{
	struct import_request request = {
		.source = str_c(source), .kind = IMPORT_FULL_LIST, .now_s = shown_s
	};
	struct import_reading reading = { .lines = batch->n, .accepted = batch->n };
	struct import_result result;
	struct import *import;
	bool is_unchanged;

	TRY(import_begin(place->keeper->db, &request, &import, &is_unchanged, why));
	TRY(import_batch(import, batch, why));
	return import_finish(&import, &reading, STR(""), STR(""), &result, why);
}

void place_list(struct place *place, const char *source, uint32_t first, uint32_t n, unsigned width)
{
	CLEANUP(claim_batch_done) struct claim_batch batch = { 0 };
	struct why why = { 0 };

	for (uint32_t i = 0; i < n; i++) {
		struct ipaddr ip = ip_from_u32(first + i);
		struct claim claim = { .indicator = { .kind = INDICATOR_IP,
					       .prefix =
						       prefix_around(&ip, (uint8_t)(96 + width)) },
			.role = ROLE_SOURCE,
			.category = CATEGORY_BRUTE_FORCE,
			.confidence = CONFIDENCE_UNKNOWN,
			.count = 1,
			.reference = STR("") };

		claim_batch_add(&batch, &claim);
	}
	claim_batch_sort(&batch);
	if (list_import(place, source, &batch, &why) != OK)
		fail_msg("%s", why.text);
	assert_int_equal(keeper_sources_reload(place->keeper, str_c(source), &why), OK);
}

struct pehra *place_open(const struct place *place, const char *part)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	struct pehra *snapshot = NULL;

	(void)keeper_path(&path, place->data, part);
	must(pehra_open(buf_c(&path), PEHRA_OPEN_PLAIN, &snapshot) == PEHRA_OK);
	return snapshot;
}

unsigned place_action(const struct place *place, const char *part, uint32_t address)
{
	struct pehra *snapshot = place_open(place, part);
	const struct pehra_verdict *verdict =
		pehra_verdict(snapshot, pehra_ipv4(snapshot, address));
	unsigned action = verdict == NULL ? PEHRA_NONE : verdict->action;

	pehra_close(snapshot);
	return action;
}

void place_execute(struct place *place, uint32_t permissions, const char *text, struct buf *answer)
{
	struct actor actor = { .name = "test", .permissions = permissions };
	struct message message = { MESSAGE_COMMAND, 1, str_c(text), -1 };
	bool is_deferred;

	buf_clear(answer);
	command_execute(place->service, NULL, &actor, &message, answer, &is_deferred);
	assert_false(is_deferred);
}

/* Turns keeper's loop as far as tasks go. */
static void tasks_through(struct place *place)
{
	struct service *service = place->service;

	for (int i = 0; i < TASK_TURNS_MAX && service->tasks.n > 0; i++) {
		tasks_turn(service);
		if (service->tasks.pid != 0)
			tasks_read(service);
	}
	assert_int_equal(service->tasks.n, 0);
}

void place_act(struct place *place, const char *actor_name, const char *text, struct buf *answer)
{
	struct actor actor = { .permissions = TOKEN_PERMISSIONS_ALL };
	struct message message = { MESSAGE_COMMAND, 1, str_c(text), -1 };
	struct why why = { 0 };
	bool is_deferred;

	(void)snprintf(actor.name, sizeof actor.name, "%s", actor_name);
	buf_clear(answer);
	command_execute(place->service, &place->asker, &actor, &message, answer, &is_deferred);
	if (!is_deferred)
		return;

	CLEANUP(message_done) struct message reply = { .fd = -1 };

	tasks_through(place);
	assert_int_equal(channel_write(&place->asker, &why), OK);
	if (channel_receive_blocking(&place->caller, &reply, ANSWER_MS, &why) != OK)
		fail_msg("%s", why.text);
	buf_clear(answer);
	buf_str(answer, reply.payload);
}
