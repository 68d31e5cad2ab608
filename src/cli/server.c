/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/server.h"

#include "answer/answer_role.h"
#include "answer/stats.h"
#include "base/io.h"
#include "base/log.h"
#include "cli/output.h"
#include "config/config_json.h"

#include "feed/fetch_role.h"
#include "feed/parse_role.h"
#include "keeper/keeper.h"
#include "keeper/service.h"
#include "proc/control.h"
#include "proc/lock.h"
#include "proc/owner.h"
#include "proc/parent.h"
#include "web/web_role.h"

#include <limits.h>
#include <signal.h>
#include <unistd.h>

const struct process_role server_roles[] = {
	{ PROCESS_KEEPER, keeper_role, 1 },
	{ PROCESS_PARSE, parse_role, 1 },
	{ PROCESS_FETCH, fetch_role, 1 },
	{ PROCESS_ANSWER, answer_role, 1 },
	{ PROCESS_WEB, web_role, 1 },
};
const size_t server_role_count = ARRAY_LEN(server_roles);

enum { ROLES_FOR_COMMAND = 2 };

/* What options of verbs set; the names are those of the configuration. */
static const struct {
	const char *option;
	const char *key;
} option_keys[] = {
	{ "--dns", "dns.listen" },
	{ "--http", "http.listen" },
	{ "--store", "store.url" },
};

static bool verb_has(const struct cli_arguments *arguments, const char *name)
{
	for (const struct cli_option *option = arguments->verb->options; option->name != NULL;
		option++) {
		if (strcmp(option->name, name) == 0)
			return true;
	}
	return false;
}

enum err server_config(struct config *out, const struct cli_arguments *arguments, struct why *why)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	const char *data = cli_data(arguments);
	const char *own = verb_has(arguments, "--config") ? cli_value(arguments, "--config") : NULL;
	enum err err;

	config_init(out);
	TRY(config_set(out, "data", str_c(data), why));
	for (size_t i = 0; i < ARRAY_LEN(option_keys); i++) {
		const char *value = verb_has(arguments, option_keys[i].option)
					    ? cli_value(arguments, option_keys[i].option)
					    : NULL;

		if (value != NULL)
			TRY(config_set(out, option_keys[i].key, str_c(value), why));
	}
	if (own != NULL)
		return config_load(out, own, why);
	err = config_load(out, keeper_path(&path, data, "pehra.conf"), why);
	/* without a file the defaults stand */
	return err == ERR_NOT_FOUND ? OK : err;
}

enum err server_store_open(const struct cli_arguments *arguments, struct db **out, struct why *why)
{
	CLEANUP(buf_done) struct buf url = { 0 };
	struct config config;
	enum err err = server_config(&config, arguments, why);

	if (err == OK)
		config_store_url(&config, &url);
	config_done(&config);
	TRY(err);
	return db_open(buf_c(&url), DB_READ_ONLY, out, why);
}

/*
 * Where the installed files are: beside the program (PREFIX/bin and PREFIX/share/pehra, or
 * build/src and share in a source tree), so that neither needs to be told.
 */
static enum err catalogue_path(const struct config *config, struct buf *out, struct why *why)
{
	static const char *const places[] = { "../share/pehra/feeds.yaml",
		"../../share/feeds.yaml" };
	char program[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", program, sizeof program);
	struct str folder;

	if (config->feeds.file.n != 0) {
		buf_str(out, config->feeds.file);
		return OK;
	}
	if (n == -1)
		return fail_sys(why, "cannot find this program");
	folder = str_first(
		str_from(program, (size_t)n), str_find_last(str_from(program, (size_t)n), '/'));
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		buf_clear(out);
		buf_fmt(out, "%.*s/%s", STR_FMT(folder), places[i]);
		if (access(buf_c(out), R_OK) == 0)
			return OK;
	}
	return fail(why, ERR_NOT_FOUND, "no catalogue of feeds beside %.*s; set feeds.file",
		STR_FMT(folder));
}

struct preparation {
	const char *data;
	const struct config *config;
};

static enum err prepare(void *state, struct why *why)
{
	const struct preparation *preparation = state;
	CLEANUP(buf_done) struct buf catalogue = { 0 };

	TRY(keeper_init_data(preparation->data, preparation->config, NULL, why));
	TRY(catalogue_path(preparation->config, &catalogue, why));
	return keeper_catalogue_keep(preparation->data, buf_c(&catalogue), why);
}

enum err server_prepare(const char *data, const struct config *config, struct why *why)
{
	CLEANUP(buf_done) struct buf user = { 0 };

	buf_str(&user, config->user);
	return owner_run(data, config->user.n == 0 ? NULL : buf_c(&user), prepare,
		&(struct preparation){ data, config }, why);
}

enum err server_catalogue_open(const struct cli_arguments *arguments, const struct config *config,
	struct feed_catalogue *out, struct why *why)
{
	CLEANUP(buf_done) struct buf path = { 0 };
	const char *data = cli_data(arguments);

	if (access(keeper_path(&path, data, KEEPER_CATALOGUE_FILE), R_OK) == 0)
		return keeper_catalogue_open(data, out, why);
	buf_clear(&path);
	TRY(catalogue_path(config, &path, why));
	*out = (struct feed_catalogue){ 0 };
	return catalogue_load(out, buf_c(&path), why);
}

struct server {
	const struct cli_arguments *arguments;
	struct config config;
	int ready; /* -1: nobody waits for a byte */
	enum log_level log_most;
};

static void settings_for(void *state, enum process process, struct buf *json)
{
	const struct server *server = state;

	(void)process;
	config_to_json(&server->config, json);
}

static enum err settings_again(void *state, struct why *why)
{
	struct server *server = state;
	struct config config;
	enum err err = server_config(&config, server->arguments, why);

	if (err != OK) {
		config_done(&config);
		return err;
	}
	config_done(&server->config);
	server->config = config;
	return server_prepare(cli_data(server->arguments), &server->config, why);
}

static void put_endpoints(struct buf *out, const struct config_endpoints *endpoints)
{
	for (size_t i = 0; i < endpoints->n; i++) {
		const struct config_endpoint *endpoint = &endpoints->items[i];
		bool v4 = ip_is_v4(&endpoint->ip);

		buf_fmt(out, "%s%s", i == 0 ? "" : ", ", v4 ? "" : "[");
		ip_format(out, &endpoint->ip);
		buf_fmt(out, "%s:%u", v4 ? "" : "]", endpoint->port);
	}
}

static void say_ready(void *state)
{
	const struct server *server = state;
	CLEANUP(buf_done) struct buf line = { 0 };

	if (server->ready != -1) {
		(void)!write(server->ready, "", 1);
		return;
	}
	buf_str(&line, STR("pehra is ready: DNS "));
	put_endpoints(&line, &server->config.dns.listen);
	buf_fmt(&line, " (zone %.*s), HTTP ", STR_FMT(server->config.dns.zone));
	put_endpoints(&line, &server->config.http.listen);
	buf_byte(&line, '\n');
	(void)!write(STDOUT_FILENO, line.data, line.n);
}

static enum log_level level_of(const struct config *config)
{
	static const struct {
		struct str word;
		enum log_level level;
	} levels[] = {
		{ STR_INIT("error"), LOG_ERROR },
		{ STR_INIT("warning"), LOG_WARNING },
		{ STR_INIT("notice"), LOG_NOTICE },
		{ STR_INIT("info"), LOG_INFO },
		{ STR_INIT("debug"), LOG_DEBUG },
	};

	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		if (str_eq(levels[i].word, config->log.level))
			return levels[i].level;
	}
	return LOG_INFO;
}

static unsigned cores(int64_t wanted, unsigned most)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	int64_t n = wanted > 0 ? wanted : online > 0 ? online : 1;

	return n > most ? most : (unsigned)n;
}

/* A listening socket per configured address. Names of the texts live in text. */
static size_t add_listeners(struct inherit *out, size_t n, const char *name, enum inherit_kind kind,
	const struct config_endpoints *endpoints, unsigned count, uint32_t to, struct arena *arena)
{
	for (size_t i = 0; i < endpoints->n && n < INHERIT_MAX; i++) {
		CLEANUP(buf_done) struct buf where = { 0 };
		struct config_endpoints one = { .items = { endpoints->items[i] }, .n = 1 };

		put_endpoints(&where, &one);
		out[n++] = (struct inherit){ .name = name,
			.kind = kind,
			.where = arena_str(arena, buf_view(&where)).p,
			.count = count,
			.to = to };
	}
	return n;
}

static enum err run(struct server *server, const struct process_role *roles, size_t role_count,
	const struct inherit *inherits, size_t inherit_count, bool is_single, struct why *why)
{
	const struct config *config = &server->config;
	CLEANUP(fd_close) int lock = -1;
	CLEANUP(buf_done) struct buf data = { 0 };
	CLEANUP(buf_done) struct buf user = { 0 };
	struct parent_options options = {
		.roles = roles,
		.role_count = role_count,
		.inherits = inherits,
		.inherit_count = inherit_count,
		.has_network_store = str_starts(config->store.url, STR("postgres")),
		.is_single = is_single,
		.log_most = server->log_most,
		.state = server,
		.settings = settings_for,
		.reload = settings_again,
		.ready = say_ready,
	};

	buf_str(&data, config->data);
	buf_str(&user, config->user);
	if (verb_has(server->arguments, "--sandbox") && cli_has(server->arguments, "--sandbox") &&
		!sandbox_mode_from_word(
			str_c(cli_value(server->arguments, "--sandbox")), &options.sandbox))
		return fail(why, ERR_USAGE, "--sandbox is kill or report");
	options.data = buf_c(&data);
	options.user = config->user.n == 0 ? NULL : buf_c(&user);
	TRY(server_prepare(options.data, config, why));
	TRY(lock_take(options.data, &lock, why));
	return parent_run(&options, why);
}

enum err server_run(const struct cli_arguments *arguments, struct why *why)
{
	struct server server = { .arguments = arguments, .ready = -1 };
	struct process_role roles[ARRAY_LEN(server_roles)];
	struct inherit inherits[INHERIT_MAX];
	CLEANUP(arena_done) struct arena arena = { 0 };
	CLEANUP(buf_done) struct buf control = { 0 };
	uint32_t answer = UINT32_C(1) << PROCESS_ANSWER;
	uint32_t web = UINT32_C(1) << PROCESS_WEB;
	size_t n = 0;
	enum err err = server_config(&server.config, arguments, why);

	if (err == OK) {
		const struct config *config = &server.config;
		unsigned workers = cores(config->dns.workers, ANSWER_WORKERS_MAX);

		server.log_most = level_of(config);
		log_start("parent", server.log_most);
		memcpy(roles, server_roles, sizeof roles);
		roles[1].instances = cores(config->parse.workers, ROLE_INSTANCES_MAX);
		inherits[n++] = (struct inherit){ .name = CONTROL_NAME,
			.kind = INHERIT_UNIX,
			.where = keeper_path(&control, cli_data(arguments), CONTROL_FILE),
			.count = 1,
			.to = UINT32_C(1) << PROCESS_KEEPER };
		inherits[n++] = (struct inherit){ .name = ANSWER_STATS_NAME,
			.kind = INHERIT_MEMORY,
			.size_bytes = answer_stats_bytes(),
			.count = 1,
			.to = answer,
			.to_read = web };
		n = add_listeners(inherits, n, ANSWER_UDP_NAME, INHERIT_UDP, &config->dns.listen,
			workers, answer, &arena);
		n = add_listeners(inherits, n, ANSWER_TCP_NAME, INHERIT_TCP, &config->dns.listen, 1,
			answer, &arena);
		n = add_listeners(inherits, n, WEB_LISTEN_NAME, INHERIT_TCP, &config->http.listen,
			1, web, &arena);
		err = run(&server, roles, server_role_count, inherits, n,
			cli_has(arguments, "--single"), why);
	}
	config_done(&server.config);
	return err;
}

enum err server_run_for_command(
	const struct cli_arguments *arguments, bool with_fetch, int ready, struct why *why)
{
	struct server server = { .arguments = arguments, .ready = ready };
	CLEANUP(buf_done) struct buf control = { 0 };
	enum err err = server_config(&server.config, arguments, why);

	/* nobody reads meanwhile, so a snapshot is built when the command wants one, not by age */
	if (err == OK)
		err = config_set(&server.config, "snapshot.interval", STR("1d"), why);
	if (err == OK) {
		struct inherit inherit = { .name = CONTROL_NAME,
			.kind = INHERIT_UNIX,
			.where = keeper_path(&control, cli_data(arguments), CONTROL_FILE),
			.count = 1,
			.to = UINT32_C(1) << PROCESS_KEEPER };

		/* what goes wrong reaches the command as the answer to it */
		server.log_most = LOG_ERROR;
		log_start("parent", server.log_most);
		err = run(&server, server_roles, ROLES_FOR_COMMAND + (with_fetch ? 1 : 0), &inherit,
			1, false, why);
	}
	config_done(&server.config);
	return err;
}
