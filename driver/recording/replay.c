/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/recording/replay.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "driver/recording/replay_state.h"

static enum oac_status load(void *context, const struct oac_stream_load *wanted,
                            uint32_t *handle, struct oac_err *err)
{
    struct oac_replay *self = context;
    const struct oac_recording *r = self->recording;
    uint8_t digest[32];
    uint32_t number;
    if (oac_digest_load(wanted, self->caps.weight_samples_per_slot, digest, err))
        return err->status;
    if (!oac_digest_table_find(&self->loads, digest, &number))
        return oac_fail(
            err, OAC_EMISMATCH,
            "replay of %s: these weights (%zu rows of %zu slots) are none of the %zu "
            "that were recorded: run the model, encoding and options it was made with",
            self->path, wanted->rows, wanted->slots, r->loads);
    size_t place = 0;
    while (place < self->handles && self->handle[place] != UINT32_MAX)
        place++;
    if (place == self->handles) {
        const size_t grown = place ? 2 * place : 64;
        uint32_t *more = oac_alloc(grown, sizeof *more, "handles", err);
        if (!more)
            return err->status;
        memset(more, 0xff, grown * sizeof *more);
        if (place)
            memcpy(more, self->handle, place * sizeof *more);
        free(self->handle);
        self->handle = more;
        self->handles = grown;
    }
    self->handle[place] = number;
    *handle = (uint32_t)place + 1;
    return OAC_OK;
}

static enum oac_status unload(void *context, uint32_t handle, struct oac_err *err)
{
    (void)err;
    struct oac_replay *self = context;
    self->handle[handle - 1] = UINT32_MAX;
    return OAC_OK;
}

static void tell_settings(struct oac_replay *self)
{
    struct oac_err ignored;
    uint8_t digest[32];
    const size_t count = OAC_SETTINGS * self->caps.link.channels;
    if (oac_digest_settings(self->value, count, digest, &ignored) ||
        !oac_digest_table_find(&self->settings, digest, &self->now))
        self->now = UINT32_MAX;
}

static enum oac_status set(void *context, enum oac_setting setting, size_t channel,
                           double value, double *readback, struct oac_err *err)
{
    struct oac_replay *self = context;
    const struct oac_recording *r = self->recording;
    double *now = &self->value[(size_t)setting * self->caps.link.channels + channel];
    const struct oac_entry_call *found = NULL;
    for (size_t i = 0; !found && i < r->calls; i++)
        if (r->call[i].set && r->call[i].setting == (uint32_t)setting &&
            r->call[i].channel == channel && r->call[i].value == value)
            found = &r->call[i];
    if (!found && *now != value)
        return oac_fail(
            err, OAC_EMISMATCH,
            "replay of %s: %s of channel %zu was never set to %g while it was recorded",
            self->path, oac_setting_name(setting), channel, value);
    *now = found ? found->readback : value;
    tell_settings(self);
    if (readback)
        *readback = *now;
    return OAC_OK;
}

static enum oac_status get(void *context, enum oac_setting setting, size_t channel,
                           double *value, struct oac_err *err)
{
    struct oac_replay *self = context;
    const double now = self->value[(size_t)setting * self->caps.link.channels + channel];
    if (isnan(now))
        return oac_fail(err, OAC_EMISMATCH, "replay of %s: %s of channel %zu was not recorded",
                        self->path, oac_setting_name(setting), channel);
    *value = now;
    return OAC_OK;
}

/* The safe state of what was recorded: lasers dark. Nothing is there that could be unsafe. */
static enum oac_status safe(void *context, struct oac_err *err)
{
    (void)err;
    struct oac_replay *self = context;
    const size_t channels = self->caps.link.channels;
    double *on = self->value + (size_t)OAC_LASER_ON * channels;
    for (size_t k = 0; k < channels; k++)
        on[k] = isnan(on[k]) ? on[k] : 0.0;
    self->now = UINT32_MAX; /* found out at the next play: this must not allocate */
    return OAC_OK;
}

const struct oac_frame_light *oac_replay_light(const struct oac_replay *self, uint32_t load)
{
    const struct oac_recording *r = self->recording;
    for (size_t i = 0; i < r->lights; i++)
        if (r->light[i].load == load && r->light[i].settings == self->now)
            return &r->light[i].light;
    return NULL;
}

static enum oac_status light(void *context, uint32_t handle, struct oac_frame_light *figures,
                             struct oac_err *err)
{
    struct oac_replay *self = context;
    if (self->now == UINT32_MAX)
        tell_settings(self);
    const struct oac_frame_light *found = oac_replay_light(self, self->handle[handle - 1]);
    if (!found)
        return oac_fail(
            err, OAC_EMISMATCH,
            "replay of %s: the light of a frame under these settings was not recorded",
            self->path);
    *figures = *found;
    return OAC_OK;
}

static void account(const void *context, struct oac_account *figures)
{
    const struct oac_replay *self = context;
    *figures = self->account;
}

static void replay_destroy(struct oac_replay *self)
{
    oac_digest_table_fini(&self->loads);
    oac_digest_table_fini(&self->clients);
    oac_digest_table_fini(&self->captures);
    oac_digest_table_fini(&self->settings);
    oac_replay_index_fini(&self->index);
    oac_recording_destroy(self->recording);
    free(self->path);
    free(self->handle);
    free(self->value);
    free(self->key);
    free(self->answer);
    free(self);
}

static void close_replay(void *context)
{
    replay_destroy(context);
}

/* One burst at a time: nothing of a play is a thread's own. */
static struct oac_workspace *workspace_create(void *context, struct oac_err *err)
{
    (void)context;
    return oac_alloc(1, 1, "a workspace", err);
}

static void workspace_destroy(void *context, struct oac_workspace *workspace)
{
    (void)context;
    free(workspace);
}

static enum oac_status play(void *context, struct oac_workspace *workspace,
                            struct oac_stream_burst *burst, struct oac_err *err)
{
    (void)workspace;
    struct oac_replay *self = context;
    if (self->now == UINT32_MAX)
        tell_settings(self);
    return oac_replay_play(self, burst, err);
}

#define OPS                                                                             \
    .load = load, .unload = unload, .play = play, .set = set, .get = get, .safe = safe, \
    .account = account, .close = close_replay, .workspace_create = workspace_create,    \
    .workspace_destroy = workspace_destroy

static const struct oac_stream_ops replay_ops = {OPS, .light = light};
static const struct oac_stream_ops dark_replay_ops = {OPS};

/* Digests of everything the recording holds; equal contents would have one number. */
static enum oac_status number(struct oac_replay *self, struct oac_err *err)
{
    const struct oac_recording *r = self->recording;
    const size_t each = OAC_SETTINGS * r->caps.link.channels;
    uint8_t digest[32];
    uint32_t given;
    bool fresh = true;
    for (size_t i = 0; fresh && i < r->loads; i++)
        if (oac_digest_load(&r->load[i], r->caps.weight_samples_per_slot, digest, err) ||
            oac_digest_table_add(&self->loads, digest, &given, &fresh, err))
            return err->status;
    for (size_t i = 0; fresh && i < r->clients; i++)
        if (oac_digest_client(r->client_sample + r->client_begin[i],
                              (size_t)(r->client_begin[i + 1] - r->client_begin[i]), digest,
                              err) ||
            oac_digest_table_add(&self->clients, digest, &given, &fresh, err))
            return err->status;
    for (size_t i = 0; fresh && i < r->captures; i++)
        if (oac_digest_capture(&r->capture[i], r->capture_rows[i], digest, err) ||
            oac_digest_table_add(&self->captures, digest, &given, &fresh, err))
            return err->status;
    for (size_t i = 0; fresh && i < r->settings; i++)
        if (oac_digest_settings(r->settings_value + i * each, each, digest, err) ||
            oac_digest_table_add(&self->settings, digest, &given, &fresh, err))
            return err->status;
    return fresh ? OAC_OK
                 : oac_fail(err, OAC_EPARSE, "recording %s holds the same request twice",
                            self->path);
}

static enum oac_status set_up(struct oac_replay *self, const char *path,
                              const struct oac_replay_request *request, struct oac_err *err)
{
    if (!(self->path = oac_strdup(path, err)) ||
        oac_recording_read(path, &self->recording, err) ||
        oac_replay_same_bench(self->recording, path, request, err) || number(self, err) ||
        oac_replay_index_init(&self->index, self->recording, err))
        return err->status;
    const struct oac_recording *r = self->recording;
    const size_t each = OAC_SETTINGS * r->caps.link.channels;
    self->caps = r->caps;
    self->caps.link.concurrent_play = false;
    if (!(self->value = oac_alloc(each, sizeof *self->value, "settings", err)))
        return err->status;
    memcpy(self->value, r->settings_value, each * sizeof *self->value);
    if (!r->light_known)
        self->account.launched_j = self->account.client_in_j = NAN;
    return OAC_OK;
}

enum oac_status oac_replay_open(const char *path, const struct oac_replay_request *request,
                                struct oac_stream *stream, struct oac_err *err)
{
    struct oac_replay *self = oac_alloc(1, sizeof *self, "a replay", err);
    if (!self)
        return err->status;
    if (set_up(self, path, request, err)) {
        replay_destroy(self);
        return err->status;
    }
    *stream = (struct oac_stream){.ops = self->recording->light_known ? &replay_ops
                                                                      : &dark_replay_ops,
                                  .caps = &self->caps,
                                  .self = self};
    return OAC_OK;
}
