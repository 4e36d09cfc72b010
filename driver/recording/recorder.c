/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/recording/recorder.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/kernel.h"
#include "driver/recording/recorder_state.h"

static enum oac_status remember(struct oac_recorder *self, uint32_t handle,
                                const struct oac_recorder_load *load, struct oac_err *err)
{
    if (handle > self->handles) {
        const size_t grown = 2 * (size_t)handle;
        struct oac_recorder_load *more = oac_alloc(grown, sizeof *more, "handles", err);
        if (!more)
            return err->status;
        if (self->handles)
            memcpy(more, self->handle, self->handles * sizeof *more);
        free(self->handle);
        self->handle = more;
        self->handles = grown;
    }
    self->handle[handle - 1] = *load;
    return OAC_OK;
}

/* Every setting there is, as it stands, so that a replay can tell without asking. */
static enum oac_status read_settings(struct oac_recorder *self, struct oac_err *err)
{
    const struct oac_link_caps *caps = &self->below.caps->link;
    for (size_t i = 0; i < OAC_SETTINGS * caps->channels; i++) {
        const enum oac_setting setting = (enum oac_setting)(i / caps->channels);
        self->value[i] = NAN;
        const bool one = setting == OAC_BIAS_CLIENT_V || setting == OAC_SKEW_S; /* hal/link.h */
        const bool there = caps->settings[setting].max >= caps->settings[setting].min &&
                           !(one && i % caps->channels);
        if (there && self->below.ops->get(self->below.self, setting, i % caps->channels,
                                          &self->value[i], err))
            return err->status;
    }
    self->stale = false;
    return oac_recorder_keep_settings(self, err);
}

static enum oac_status load(void *context, const struct oac_stream_load *wanted,
                            uint32_t *handle, struct oac_err *err)
{
    struct oac_recorder *self = context;
    struct oac_recorder_load made = {.rows = wanted->rows, .slots = wanted->slots};
    uint32_t below;
    bool fresh;
    if (self->below.ops->load(self->below.self, wanted, &below, err))
        return err->status;
    pthread_mutex_lock(&self->lock);
    enum oac_status status = self->stale ? read_settings(self, err) : OAC_OK;
    if (!status)
        status = remember(self, below, &made, err);
    if (!status)
        status = oac_recorder_keep_load(self, wanted, &made.number, &fresh, err);
    if (!status && fresh && self->below.ops->light)
        status = oac_recorder_keep_light(self, below, made.number, err);
    if (!status)
        self->handle[below - 1] = made;
    pthread_mutex_unlock(&self->lock);
    if (status) { /* what failed stays the message */
        struct oac_err ignored;
        (void)!self->below.ops->unload(self->below.self, below, &ignored);
        return status;
    }
    *handle = below;
    return OAC_OK;
}

static enum oac_status unload(void *context, uint32_t handle, struct oac_err *err)
{
    struct oac_recorder *self = context;
    return self->below.ops->unload(self->below.self, handle, err);
}

static enum oac_status play(void *context, struct oac_workspace *workspace,
                            struct oac_stream_burst *burst, struct oac_err *err)
{
    struct oac_recorder *self = context;
    if (self->below.ops->play(self->below.self, workspace, burst, err))
        return err->status;
    pthread_mutex_lock(&self->lock);
    enum oac_status status = self->stale ? read_settings(self, err) : OAC_OK;
    if (!status)
        status = oac_recorder_keep_burst(self, burst, err);
    pthread_mutex_unlock(&self->lock);
    return status;
}

static enum oac_status light(void *context, uint32_t handle, struct oac_frame_light *figures,
                             struct oac_err *err)
{
    struct oac_recorder *self = context;
    if (self->below.ops->light(self->below.self, handle, figures, err))
        return err->status;
    pthread_mutex_lock(&self->lock);
    enum oac_status status = self->stale ? read_settings(self, err) : OAC_OK;
    if (!status)
        status = oac_recorder_keep_light(self, handle, self->handle[handle - 1].number, err);
    pthread_mutex_unlock(&self->lock);
    return status;
}

static enum oac_status keep_call(struct oac_recorder *self, bool set, enum oac_setting setting,
                                 size_t channel, double value, double readback,
                                 struct oac_err *err)
{
    const struct oac_entry_call entry = {set,   (uint32_t)setting, (uint32_t)channel, self->now,
                                         value, readback};
    return oac_journal_append(self->journal, OAC_ENTRY_CALL, &entry, sizeof entry, err);
}

static enum oac_status set(void *context, enum oac_setting setting, size_t channel,
                           double value, double *readback, struct oac_err *err)
{
    struct oac_recorder *self = context;
    double became = value;
    if (self->below.ops->set(self->below.self, setting, channel, value, &became, err))
        return err->status;
    pthread_mutex_lock(&self->lock);
    self->value[(size_t)setting * self->below.caps->link.channels + channel] = became;
    enum oac_status status =
        self->stale ? read_settings(self, err) : oac_recorder_keep_settings(self, err);
    if (!status)
        status = keep_call(self, true, setting, channel, value, became, err);
    pthread_mutex_unlock(&self->lock);
    if (!status && readback)
        *readback = became;
    return status;
}

static enum oac_status get(void *context, enum oac_setting setting, size_t channel,
                           double *value, struct oac_err *err)
{
    struct oac_recorder *self = context;
    double found;
    if (self->below.ops->get(self->below.self, setting, channel, &found, err))
        return err->status;
    pthread_mutex_lock(&self->lock);
    const enum oac_status status = keep_call(self, false, setting, channel, found, found, err);
    pthread_mutex_unlock(&self->lock);
    if (!status)
        *value = found;
    return status;
}

static enum oac_status safe(void *context, struct oac_err *err)
{
    struct oac_recorder *self = context;
    self->stale =
        true; /* read again when something is played, because this must not allocate */
    return self->below.ops->safe(self->below.self, err);
}

static void account(const void *context, struct oac_account *figures)
{
    const struct oac_recorder *self = context;
    self->below.ops->account(self->below.self, figures);
}

static void close_stream(void *context)
{
    struct oac_recorder *self = context;
    oac_stream_close(&self->below);
}

static struct oac_workspace *workspace_create(void *context, struct oac_err *err)
{
    struct oac_recorder *self = context;
    return self->below.ops->workspace_create(self->below.self, err);
}

static void workspace_destroy(void *context, struct oac_workspace *workspace)
{
    struct oac_recorder *self = context;
    self->below.ops->workspace_destroy(self->below.self, workspace);
}

#define OPS                                                                             \
    .load = load, .unload = unload, .play = play, .set = set, .get = get, .safe = safe, \
    .account = account, .close = close_stream, .workspace_create = workspace_create,    \
    .workspace_destroy = workspace_destroy

static const struct oac_stream_ops recorder_ops = {OPS, .light = light};
static const struct oac_stream_ops dark_recorder_ops = {OPS}; /* of a stream without light() */

enum oac_status oac_recorder_wrap(struct oac_recorder *self, struct oac_stream *stream,
                                  struct oac_err *err)
{
    if (self->wrapped) {
        oac_stream_close(stream);
        return oac_fail(err, OAC_EINTERNAL, "%s: one recording of two benches", self->path);
    }
    self->below = *stream;
    self->wrapped = true;
    *stream = (struct oac_stream){0};
    if (!(self->text[OAC_RECORDING_DEVICE] =
              oac_strdup(self->below.caps->link.device_id, err)) ||
        !(self->text[OAC_RECORDING_FIRMWARE] =
              oac_strdup(self->below.caps->link.firmware, err)) ||
        !(self->value = oac_alloc(OAC_SETTINGS * self->below.caps->link.channels,
                                  sizeof *self->value, "settings", err)) ||
        oac_recorder_write_head(self, err) || read_settings(self, err)) {
        oac_stream_close(&self->below);
        return err->status;
    }
    *stream =
        (struct oac_stream){.ops = self->below.ops->light ? &recorder_ops : &dark_recorder_ops,
                            .caps = self->below.caps,
                            .self = self};
    return OAC_OK;
}

static void recorder_destroy(struct oac_recorder *self)
{
    oac_journal_close(self->journal);
    oac_digest_table_fini(&self->loads);
    oac_digest_table_fini(&self->clients);
    oac_digest_table_fini(&self->captures);
    oac_digest_table_fini(&self->settings);
    oac_digest_table_fini(&self->lights);
    for (size_t i = 0; i < OAC_RECORDING_TEXTS; i++)
        free(self->text[i]);
    pthread_mutex_destroy(&self->lock);
    free(self->handle);
    free(self->value);
    free(self->entry);
    free(self->journal_path);
    free(self->path);
    free(self);
}

enum oac_status oac_recorder_open(const struct oac_recorder_options *options,
                                  struct oac_recorder **recorder, struct oac_err *err)
{
    struct oac_recorder *self = oac_alloc(1, sizeof *self, "a recorder", err);
    if (!self)
        return err->status;
    pthread_mutex_init(&self->lock, NULL);
    self->seed = options->seed;
    const char *const text[OAC_RECORDING_TEXTS] = {
        [OAC_RECORDING_RIG] = options->rig_text,
        [OAC_RECORDING_ON] = options->on,
        [OAC_RECORDING_NOISE] = options->noise,
        [OAC_RECORDING_COMMAND] = options->command_line ? options->command_line : "",
        [OAC_RECORDING_KERNEL] = oac_kernel()->level,
    };
    enum oac_status status = OAC_OK;
    for (size_t i = 0; !status && i < OAC_RECORDING_TEXTS; i++)
        if (text[i] && !(self->text[i] = oac_strdup(text[i], err)))
            status = err->status;
    if (!status && (!(self->path = oac_strdup(options->path, err)) ||
                    !(self->journal_path = oac_recording_journal_path(options->path, err)) ||
                    oac_journal_create(self->journal_path, &self->journal, err)))
        status = err->status;
    if (status) {
        recorder_destroy(self);
        return status;
    }
    *recorder = self;
    return OAC_OK;
}

const char *oac_recorder_kept(const struct oac_recorder *self)
{
    return self && self->bursts > 0 ? self->journal_path : NULL;
}

void oac_recorder_abandon(struct oac_recorder *self)
{
    if (!self)
        return;
    if (!oac_recorder_kept(self))
        unlink(self->journal_path);
    recorder_destroy(self);
}

enum oac_status oac_recorder_finish(struct oac_recorder *self, struct oac_err *err)
{
    enum oac_status status = oac_journal_sync(self->journal, err);
    if (!status)
        status = oac_recording_finish(self->path, err);
    recorder_destroy(self);
    return status;
}
