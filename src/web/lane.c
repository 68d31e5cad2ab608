/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The threads that work on requests. */
#include "web/server.h"

#include <errno.h>
#include <microhttpd.h>

const struct pehra *lane_snapshot(struct lane *lane)
{
	const char *path = lane->web->settings.snapshot_path;
	struct pehra *newer = NULL;
	int64_t now_s;

	if (lane->snapshot != NULL && !pehra_superseded(lane->snapshot))
		return lane->snapshot;
	now_s = clock_now_s(lane->web->settings.clock);
	/* a file that cannot be opened is not tried again at every request */
	if (lane->snapshot_tried_s == now_s && lane->snapshot == NULL)
		return NULL;
	lane->snapshot_tried_s = now_s;

	enum pehra_status status = pehra_open(path, PEHRA_OPEN_PLAIN, &newer);

	if (status != PEHRA_OK) {
		log_event(LOG_WARNING, "snapshot_not_opened", LOG_C("path", path),
			LOG_C("why", pehra_status_text(status)));
		return lane->snapshot;
	}
	pehra_close(lane->snapshot);
	lane->snapshot = newer;
	return newer;
}

static void lane_done(struct lane *lane)
{
	if (lane->snapshot != NULL)
		pehra_close(lane->snapshot);
	db_close(&lane->db);
	json_reader_free(&lane->json);
	*lane = (struct lane){ 0 };
}

/* The lane's store; opened when it is needed, so that look-ups start without it. */
static enum err lane_store(struct lane *lane, struct why *why)
{
	if (lane->db != NULL)
		return OK;
	return db_open(lane->web->settings.store_url, DB_READ_ONLY, &lane->db, why);
}

static void *reader_main(void *state)
{
	struct lane *lane = state;
	struct request *request;

	while ((request = queue_take(&lane->web->queue)) != NULL) {
		struct why why = { 0 };

		if (lane_store(lane, &why) == OK) {
			request_work(request, lane);
		} else {
			log_why(LOG_WARNING, "store_not_opened", &why);
			request->is_broken = request->response.is_stream;
			if (!request->is_broken)
				problem_of(request, &why);
		}
		request_resume(request);
	}
	return NULL;
}

enum err lanes_start(struct web *web, struct why *why)
{
	struct lane *lanes[] = { &web->direct, &web->caller };

	queue_start(&web->queue);
	for (size_t i = 0; i < ARRAY_LEN(lanes); i++)
		*lanes[i] = (struct lane){ .web = web, .json = json_reader_new() };
	for (size_t i = 0; i < WEB_READERS; i++) {
		web->readers[i] = (struct lane){ .web = web, .json = json_reader_new() };
		errno = pthread_create(&web->threads[i], NULL, reader_main, &web->readers[i]);
		if (errno != 0)
			return fail_sys(why, "cannot start a thread");
		web->thread_count++;
	}
	return OK;
}

void lanes_stop(struct web *web)
{
	queue_close(&web->queue);
	for (size_t i = 0; i < web->thread_count; i++)
		must(pthread_join(web->threads[i], NULL) == 0);
	web->thread_count = 0;
}

void lanes_done(struct web *web)
{
	lane_done(&web->direct);
	lane_done(&web->caller);
	for (size_t i = 0; i < WEB_READERS; i++)
		lane_done(&web->readers[i]);
	queue_done(&web->queue);
}
