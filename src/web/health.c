/* SPDX-License-Identifier: GPL-3.0-or-later */
/* GET /healthz, /v1/snapshot, /v1/snapshot/file, /v1/me */
#include "web/handlers.h"
#include "web/lookup.h"
#include "web/web_int.h"

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static void write_generation(
	struct json_writer *json, const struct request *request, const struct pehra *snapshot)
{
	struct pehra_info info;

	pehra_info(snapshot, &info);
	json_field_u64(json, "generation", info.generation);
	json_field_u64(json, "changes", info.changes);
	json_field_i64(json, "created_s", info.created_s);
	json_field_i64(json, "generation_age_s", request->now_s - info.created_s);
	json_field_u64(json, "ipv4_entries", info.ipv4_entries);
	json_field_u64(json, "ipv6_entries", info.ipv6_entries);
	json_field_u64(json, "name_entries", info.name_entries);
	json_field_u64(json, "verdicts", info.verdicts);
	json_field_u64(json, "file_bytes", info.file_bytes);
}

enum err serve_snapshot(struct request *request, struct why *why)
{
	const struct pehra *snapshot;

	TRY(lookup_snapshot(request, &snapshot, why));

	struct json_writer json = response_json(request);

	json_object_begin(&json);
	write_generation(&json, request, snapshot);
	json_object_end(&json);
	return OK;
}

enum err serve_snapshot_file(struct request *request, struct why *why)
{
	int fd = open(request->web->settings.generation_path, O_RDONLY | O_CLOEXEC);
	struct stat status;

	if (fd == -1 && errno == ENOENT)
		return fail(why, ERR_NOT_FOUND, "no generation was built yet");
	if (fd == -1)
		return fail_sys(why, "cannot open the generation");
	request->response.file_fd = fd;
	if (fstat(fd, &status) == -1)
		return fail_sys(why, "cannot look at the generation");
	request->response.file_bytes = (uint64_t)status.st_size;
	request->response.content_type = "application/octet-stream";
	response_header(
		request, "Content-Disposition", STR("attachment; filename=\"generation.pehra\""));
	response_header(request, "Cache-Control", STR("no-cache"));

	/* a generation is made under another name and put in place, so these name its content */
	struct str version = arena_fmt(&request->arena, "%llu-%lld-%lld.%ld",
		(unsigned long long)status.st_ino, (long long)status.st_size,
		(long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);

	if (response_etag(request, version))
		fd_close(&request->response.file_fd);
	return OK;
}

enum err serve_healthz(struct request *request, struct why *why)
{
	struct web *web = request->web;
	const struct pehra *snapshot = lane_snapshot(request->lane);
	bool is_keeper_up;
	bool is_store_up;

	(void)why;
	must(pthread_mutex_lock(&web->commands.mutex) == 0);
	is_keeper_up = web->commands.is_up;
	must(pthread_mutex_unlock(&web->commands.mutex) == 0);
	is_store_up = atomic_load(&web->is_store_up);
	request->response.status = snapshot == NULL ? 503 : 200;

	struct json_writer json = response_json(request);

	json_object_begin(&json);
	json_field_str(&json, "status",
		snapshot == NULL              ? STR("starting")
		: is_keeper_up && is_store_up ? STR("ok")
					      : STR("degraded"));
	json_field_bool(&json, "keeper", is_keeper_up);
	json_field_bool(&json, "store", is_store_up);
	json_key(&json, "snapshot");
	if (snapshot == NULL) {
		json_put_null(&json);
	} else {
		json_object_begin(&json);
		write_generation(&json, request, snapshot);
		json_object_end(&json);
	}
	json_key(&json, "roles");
	must(pthread_mutex_lock(&web->health_mutex) == 0);
	json_put_raw(&json, web->health.n == 0 ? STR("null") : buf_view(&web->health));
	must(pthread_mutex_unlock(&web->health_mutex) == 0);
	json_field_str(&json, "version", STR(PEHRA_VERSION));
	json_object_end(&json);
	return OK;
}

enum err serve_me(struct request *request, struct why *why)
{
	const struct audience *audience = &request->audience;
	CLEANUP(buf_done) struct buf text = { 0 };
	struct json_writer json = response_json(request);

	(void)why;
	json_object_begin(&json);
	json_field_bool(&json, "anonymous", audience->token_id.n == 0);
	json_field_str(&json, "token", audience->token_id);
	json_field_str(&json, "owner", audience->owner);
	json_key(&json, "permissions");
	json_array_begin(&json);
	token_permissions_format(&text, audience->permissions);
	for (struct str rest = buf_view(&text); rest.p != NULL;)
		json_put_str(&json, str_split(&rest, ','));
	json_array_end(&json);
	json_field_str(&json, "tlp", tlp_name(audience->tlp));
	buf_clear(&text);
	ip_format(&text, &request->client);
	json_field_str(&json, "address", buf_view(&text));
	json_object_end(&json);
	return OK;
}
