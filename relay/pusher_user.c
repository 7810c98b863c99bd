/* SPDX-License-Identifier: MIT
 *
 * pusher:signin. A sign-in that fails leaves the connection as it was: open, and signed in as
 * before if it was.
 */
#include "hub_private.h"
#include "hub_users.h"
#include "pusher_private.h"

static void fail(struct session *session, unsigned code, struct cln_slice message)
{
	session->app->hub->loop->metrics.signin_errors++;
	session_error(session, code, message);
}

/* What user_data says; borrowed. */
struct sign_in {
	struct session *session;
	struct cln_slice user_data;
	struct pusher_member user;
	struct pusher_watchlist list;
};

/* NULL, or what is wrong with it. `watchlist` is not read where watchlists are off. */
static const char *parse(struct sign_in *in, char id[PRESENCE_USER_ID_MAX])
{
	const struct conf_app *const conf = in->session->app->conf;
	struct jslice watchlist;
	const char *const error = pusher_user_parse(in->user_data, id, &in->user, &watchlist);
	if (error != NULL)
		return error;
	if (in->user.info.len > conf->member_bytes)
		return "The user_info of user_data is larger than allowed";
	return conf->watchlist == 0 ? NULL
								: pusher_watchlist_parse(&watchlist, conf->watchlist, &in->list);
}

static void accept(const struct sign_in *in)
{
	struct session *const session = in->session;
	const struct hub_identity identity = {
		.id = in->user.id,
		.info = in->user.info,
		.watchlist = in->list.ids,
		.watch_count = in->list.count,
	};
	session->app->hub->loop->metrics.signins++;
	session->is_authorized = true;
	session_say(session, pusher_frame_signed_in(in->user_data));
	if (in->list.is_cut)
		pusher_complain(session, PUSHER_WATCHLIST,
			"The watchlist has more than %u user ids: only the first %u are watched",
			session->app->conf->watchlist, session->app->conf->watchlist);
	hub_sign_in(session->app->hub, session, &identity);
}

static void sign_in(struct sign_in *in)
{
	struct session *const session = in->session;
	char id[PRESENCE_USER_ID_MAX];
	const char *const error = parse(in, id);
	if (error != NULL)
		fail(session, PUSHER_NONE, cln_slice_of(error));
	else if (session->user != NULL && !cln_slice_equal(user_id(session->user->user), in->user.id))
		fail(session, PUSHER_UNAUTHORIZED,
			CLN_SLICE("This connection is signed in as another user: connect anew to sign in as "
					  "this one"));
	else
		accept(in);
	pusher_watchlist_deinit(&in->list);
}

/* `auth` and `user_data` are scratch buffers of the caller. */
static void check(
	struct session *session, const struct message *message, struct buf *auth, struct buf *user_data)
{
	bool has_auth, has_data;
	if (!message->has_data || message->data.type != JSLICE_OBJECT ||
		!pusher_member_text(&message->data, CLN_SLICE("auth"), auth, &has_auth) ||
		!pusher_member_text(&message->data, CLN_SLICE("user_data"), user_data, &has_data) ||
		!has_data) {
		fail(session, PUSHER_NONE,
			CLN_SLICE("pusher:signin needs data with auth and user_data, both strings"));
		return;
	}
	struct sign_in in = {.session = session, .user_data = buf_slice(user_data)};
	struct pusher_auth expected = pusher_auth_of(session);
	struct buf sentence = {0};
	expected.user_data = &in.user_data;
	if (pusher_auth_check(&expected, buf_slice(auth), &sentence))
		sign_in(&in);
	else
		fail(session, PUSHER_UNAUTHORIZED, buf_slice(&sentence));
	buf_deinit(&sentence);
}

void pusher_sign_in(struct session *session, const struct message *message)
{
	struct buf auth = {0};
	struct buf user_data = {0};
	check(session, message, &auth, &user_data);
	buf_deinit(&auth);
	buf_deinit(&user_data);
}
