/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/fault.h"

#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"

/* OAC_OK: the call goes through. */
static enum oac_status meet(struct oac_fault *fault, enum oac_fault_call call,
                            struct oac_err *err)
{
    if (fault->call != OAC_FAULT_ANY && fault->call != call)
        return OAC_OK;
    const uint64_t number = atomic_fetch_add(&fault->calls, 1) + 1;
    if (number != fault->nth)
        return OAC_OK;
    atomic_store(&fault->fired, true);
    const struct timespec delay = {.tv_sec = fault->delay_ms / 1000,
                                   .tv_nsec = (long)(fault->delay_ms % 1000) * 1000000};
    if (fault->delay_ms)
        nanosleep(&delay, NULL);
    return fault->status ? oac_fail(err, fault->status, "%s %llu fails, as asked for",
                                    oac_fault_call_name(call), (unsigned long long)number)
                         : OAC_OK;
}

struct fault_stream {
    struct oac_fault *fault;
    struct oac_stream below;
};

static enum oac_status stream_load(void *context, const struct oac_stream_load *load,
                                   uint32_t *handle, struct oac_err *err)
{
    struct fault_stream *self = context;
    return meet(self->fault, OAC_FAULT_LOAD, err)
               ? err->status
               : self->below.ops->load(self->below.self, load, handle, err);
}

static enum oac_status stream_unload(void *context, uint32_t handle, struct oac_err *err)
{
    struct fault_stream *self = context;
    return meet(self->fault, OAC_FAULT_UNLOAD, err)
               ? err->status
               : self->below.ops->unload(self->below.self, handle, err);
}

static enum oac_status stream_play(void *context, struct oac_workspace *workspace,
                                   struct oac_stream_burst *burst, struct oac_err *err)
{
    struct fault_stream *self = context;
    return meet(self->fault, OAC_FAULT_PLAY, err)
               ? err->status
               : self->below.ops->play(self->below.self, workspace, burst, err);
}

static enum oac_status stream_light(void *context, uint32_t handle,
                                    struct oac_frame_light *light, struct oac_err *err)
{
    struct fault_stream *self = context;
    return meet(self->fault, OAC_FAULT_LIGHT, err)
               ? err->status
               : self->below.ops->light(self->below.self, handle, light, err);
}

static enum oac_status stream_set(void *context, enum oac_setting setting, size_t channel,
                                  double value, double *readback, struct oac_err *err)
{
    struct fault_stream *self = context;
    return meet(self->fault, OAC_FAULT_SET, err)
               ? err->status
               : self->below.ops->set(self->below.self, setting, channel, value, readback, err);
}

static enum oac_status stream_get(void *context, enum oac_setting setting, size_t channel,
                                  double *value, struct oac_err *err)
{
    struct fault_stream *self = context;
    return meet(self->fault, OAC_FAULT_GET, err)
               ? err->status
               : self->below.ops->get(self->below.self, setting, channel, value, err);
}

static enum oac_status stream_safe(void *context, struct oac_err *err)
{
    struct fault_stream *self = context;
    return meet(self->fault, OAC_FAULT_SAFE, err)
               ? err->status
               : self->below.ops->safe(self->below.self, err);
}

static void stream_account(const void *context, struct oac_account *account)
{
    const struct fault_stream *self = context;
    self->below.ops->account(self->below.self, account);
}

static void stream_close(void *context)
{
    struct fault_stream *self = context;
    oac_stream_close(&self->below);
    free(self);
}

static struct oac_workspace *stream_workspace_create(void *context, struct oac_err *err)
{
    struct fault_stream *self = context;
    return meet(self->fault, OAC_FAULT_WORKSPACE, err)
               ? NULL
               : self->below.ops->workspace_create(self->below.self, err);
}

static void stream_workspace_destroy(void *context, struct oac_workspace *workspace)
{
    struct fault_stream *self = context;
    self->below.ops->workspace_destroy(self->below.self, workspace);
}

#define STREAM_OPS                                                                            \
    .load = stream_load, .unload = stream_unload, .play = stream_play, .set = stream_set,     \
    .get = stream_get, .safe = stream_safe, .account = stream_account, .close = stream_close, \
    .workspace_create = stream_workspace_create, .workspace_destroy = stream_workspace_destroy

static const struct oac_stream_ops stream_ops = {STREAM_OPS, .light = stream_light};
static const struct oac_stream_ops dark_stream_ops = {STREAM_OPS};

enum oac_status oac_fault_stream(struct oac_fault *fault, struct oac_stream *stream,
                                 struct oac_err *err)
{
    struct fault_stream *self = oac_alloc(1, sizeof *self, "a fault", err);
    if (!self) {
        oac_stream_close(stream);
        return err->status;
    }
    *self = (struct fault_stream){.fault = fault, .below = *stream};
    *stream =
        (struct oac_stream){.ops = self->below.ops->light ? &stream_ops : &dark_stream_ops,
                            .caps = self->below.caps,
                            .self = self};
    return OAC_OK;
}

struct fault_link {
    struct oac_fault *fault;
    struct oac_link below;
};

static enum oac_status link_load(void *context, const struct oac_weight_frame *frame,
                                 uint32_t *handle, struct oac_err *err)
{
    struct fault_link *self = context;
    return meet(self->fault, OAC_FAULT_LOAD, err)
               ? err->status
               : self->below.ops->load(self->below.self, frame, handle, err);
}

static enum oac_status link_unload(void *context, uint32_t handle, struct oac_err *err)
{
    struct fault_link *self = context;
    return meet(self->fault, OAC_FAULT_UNLOAD, err)
               ? err->status
               : self->below.ops->unload(self->below.self, handle, err);
}

static enum oac_status link_play(void *context, uint32_t handle,
                                 struct oac_workspace *workspace,
                                 const struct oac_activation_frame *frame,
                                 struct oac_readouts *readouts, struct oac_err *err)
{
    struct fault_link *self = context;
    return meet(self->fault, OAC_FAULT_PLAY, err)
               ? err->status
               : self->below.ops->play(self->below.self, handle, workspace, frame, readouts,
                                       err);
}

static enum oac_status link_light(void *context, uint32_t handle, struct oac_frame_light *light,
                                  struct oac_err *err)
{
    struct fault_link *self = context;
    return meet(self->fault, OAC_FAULT_LIGHT, err)
               ? err->status
               : self->below.ops->light(self->below.self, handle, light, err);
}

static enum oac_status link_set(void *context, enum oac_setting setting, size_t channel,
                                double value, double *readback, struct oac_err *err)
{
    struct fault_link *self = context;
    return meet(self->fault, OAC_FAULT_SET, err)
               ? err->status
               : self->below.ops->set(self->below.self, setting, channel, value, readback, err);
}

static enum oac_status link_get(void *context, enum oac_setting setting, size_t channel,
                                double *value, struct oac_err *err)
{
    struct fault_link *self = context;
    return meet(self->fault, OAC_FAULT_GET, err)
               ? err->status
               : self->below.ops->get(self->below.self, setting, channel, value, err);
}

static enum oac_status link_safe(void *context, struct oac_err *err)
{
    struct fault_link *self = context;
    return meet(self->fault, OAC_FAULT_SAFE, err)
               ? err->status
               : self->below.ops->safe(self->below.self, err);
}

static void link_account(const void *context, struct oac_account *account)
{
    const struct fault_link *self = context;
    self->below.ops->account(self->below.self, account);
}

static void link_close(void *context)
{
    struct fault_link *self = context;
    oac_link_close(&self->below);
    free(self);
}

static struct oac_workspace *link_workspace_create(void *context, struct oac_err *err)
{
    struct fault_link *self = context;
    return meet(self->fault, OAC_FAULT_WORKSPACE, err)
               ? NULL
               : self->below.ops->workspace_create(self->below.self, err);
}

static void link_workspace_destroy(void *context, struct oac_workspace *workspace)
{
    struct fault_link *self = context;
    self->below.ops->workspace_destroy(self->below.self, workspace);
}

static const struct oac_link_ops link_ops = {
    .load = link_load,
    .unload = link_unload,
    .play = link_play,
    .light = link_light,
    .set = link_set,
    .get = link_get,
    .safe = link_safe,
    .account = link_account,
    .close = link_close,
    .workspace_create = link_workspace_create,
    .workspace_destroy = link_workspace_destroy,
};

enum oac_status oac_fault_link(struct oac_fault *fault, struct oac_link *link,
                               struct oac_err *err)
{
    struct fault_link *self = oac_alloc(1, sizeof *self, "a fault", err);
    if (!self) {
        oac_link_close(link);
        return err->status;
    }
    *self = (struct fault_link){.fault = fault, .below = *link};
    *link = (struct oac_link){.ops = &link_ops, .caps = self->below.caps, .self = self};
    return OAC_OK;
}
