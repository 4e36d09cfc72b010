/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "driver/iio/buffer.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "driver/iio/buffer_state.h"

static enum oac_status failed(struct oac_iio_buffer *self, ssize_t error, const char *doing,
                              struct oac_err *err)
{
    char what[200];
    self->answer = oac_iio_answer_of((int)error, true);
    self->lost = true;
    if (self->answer == OAC_IIO_REOPEN_CONTEXT)
        self->session->dead = true;
    if (error == -ETIMEDOUT)
        snprintf(what, sizeof what, "%s %s: no answer within %g s, cancelled", doing,
                 self->name, self->deadline_s);
    else
        snprintf(what, sizeof what, "%s %s", doing, self->name);
    return oac_iio_fail(self->session, (int)error, true, what, err);
}

static enum oac_status choose_channels(struct oac_iio_buffer *self,
                                       const struct oac_iio_buffer_spec *spec,
                                       struct oac_err *err)
{
    if (oac_iio_find_device(self->session, spec->device, &self->device, err))
        return err->status;
    for (unsigned i = 0; i < iio_device_get_channels_count(self->device); i++)
        iio_channel_disable(iio_device_get_channel(self->device, i));
    for (size_t c = 0; c < spec->channels; c++) {
        if (oac_iio_find_channel(self->session, spec->device, spec->channel[c], spec->output,
                                 &self->channel[c], err))
            return err->status;
        if (!iio_channel_is_scan_element(self->channel[c]))
            return oac_fail(err, OAC_EUNSUPPORTED, "%s: channel '%s' of '%s' has no samples",
                            self->session->uri, spec->channel[c], spec->device);
        iio_channel_enable(self->channel[c]);
    }
    const ssize_t step = iio_device_get_sample_size(self->device);
    if (step <= 0)
        return failed(self, step ? step : -EINVAL, "asking for the sample size of", err);
    self->step = (size_t)step;
    return OAC_OK;
}

/* Bytes of a buffer are a multiple of length_align_bytes, where the driver has such an attribute. Asked before
 * anything of the context is held: a session that loses its connection here opens another one. */
static enum oac_status read_alignment(struct oac_iio_session *session, const char *device,
                                      size_t *bytes, struct oac_err *err)
{
    char text[64] = "";
    *bytes = 1;
    if (oac_iio_trust(session, err))
        return err->status;
    if (!oac_iio_has(session, device, "", false, "length_align_bytes"))
        return OAC_OK;
    if (oac_iio_read(session, device, "", false, "length_align_bytes", text, sizeof text, err))
        return session->dead || !session->context ? err->status : OAC_OK;
    const unsigned long align = strtoul(text, NULL, 10);
    if (align >= 2 && align <= 1ul << 20)
        *bytes = align;
    return OAC_OK;
}

static struct iio_buffer *create(struct oac_iio_buffer *self, bool cyclic, int *error)
{
    struct oac_iio_call call;
    oac_iio_enter(&call);
    errno = 0;
    struct iio_buffer *made = iio_device_create_buffer(self->device, self->samples, cyclic);
    *error = made ? 0 : errno ? -errno : -EIO;
    oac_iio_leave(&call);
    if (made &&
        self->output) /* bits beside the samples are not to be what memory held before */
        memset(iio_buffer_start(made), 0,
               (size_t)((char *)iio_buffer_end(made) - (char *)iio_buffer_start(made)));
    return made;
}

/* Not every kernel lets itself be told; but an answer that did not come may come later. */
static enum oac_status tell_kernel_buffers(struct oac_iio_buffer *self, unsigned count,
                                           struct oac_err *err)
{
    char what[200];
    struct oac_iio_call call;
    oac_iio_enter(&call);
    const int error = iio_device_set_kernel_buffers_count(self->device, count);
    oac_iio_leave(&call);
    if (error >= 0 || oac_iio_answer_of(error, false) != OAC_IIO_REOPEN_CONTEXT)
        return OAC_OK;
    self->session->dead = true;
    snprintf(what, sizeof what, "setting the number of kernel buffers of %s", self->name);
    return oac_iio_fail(self->session, error, false, what, err);
}

static enum oac_status create_buffer(struct oac_iio_buffer *self,
                                     const struct oac_iio_buffer_spec *spec,
                                     struct oac_err *err)
{
    int error = 0;
    if (spec->kernel_buffers && tell_kernel_buffers(self, spec->kernel_buffers, err))
        return err->status;
    self->mode = spec->cyclic ? OAC_IIO_CYCLIC : OAC_IIO_STREAMING;
    self->buffer = create(self, spec->cyclic, &error);
    if (!self->buffer && spec->cyclic && (error == -EPERM || error == -ENOSYS)) {
        self->mode = OAC_IIO_REPEATED;
        self->buffer = create(self, false, &error);
    }
    if (!self->buffer)
        return failed(self, error, "opening", err);
    if ((size_t)iio_buffer_step(self->buffer) != self->step)
        return oac_fail(err, OAC_EDEVICE, "%s: %s has samples of %td bytes, not %zu",
                        self->session->uri, self->name, iio_buffer_step(self->buffer),
                        self->step);
    return OAC_OK;
}

enum oac_status oac_iio_buffer_open(struct oac_iio_session *session,
                                    const struct oac_iio_buffer_spec *spec,
                                    struct oac_iio_buffer **buffer, enum oac_iio_mode *mode,
                                    struct oac_err *err)
{
    if (!(spec->channels >= 1 && spec->channels <= OAC_IIO_CHANNELS_MAX && spec->samples >= 1 &&
          spec->deadline_s > 0.0))
        return oac_fail(err, OAC_EINVAL,
                        "a buffer of %zu samples of %zu channels within %g s: give 1 to %u "
                        "channels and at least one sample",
                        spec->samples, spec->channels, spec->deadline_s, OAC_IIO_CHANNELS_MAX);
    if (session->dry)
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "%s has no samples: an xml: context only describes; give ip:, usb: or "
                        "local:",
                        session->uri);
    size_t align_bytes;
    struct oac_iio_buffer *self = oac_alloc(1, sizeof *self, "a device's buffer", err);
    if (!self)
        return err->status;
    self->session = session;
    self->channels = spec->channels;
    self->samples = spec->samples;
    self->output = spec->output;
    self->deadline_s = spec->deadline_s;
    snprintf(self->name, sizeof self->name, "%.90s", spec->device);
    if (read_alignment(session, spec->device, &align_bytes, err) ||
        choose_channels(self, spec, err))
        goto fail;
    while (self->samples * self->step % align_bytes)
        self->samples++;
    if (create_buffer(self, spec, err) || oac_iio_worker_create(&self->worker, err))
        goto fail;
    session->buffers++;
    *buffer = self;
    *mode = self->mode;
    return OAC_OK;
fail:
    if (self->buffer) {
        session->buffers++;
        oac_iio_buffer_close(self);
        return err->status;
    }
    free(self);
    return err->status;
}

void oac_iio_buffer_close(struct oac_iio_buffer *self)
{
    if (!self)
        return;
    if (!oac_iio_worker_destroy(self->worker))
        return; /* a call that nothing ends still uses the buffer: the context stays open too */
    struct oac_iio_call call;
    oac_iio_enter(&call);
    if (self->lost) /* or closing would wait for an answer that does not come */
        iio_buffer_cancel(self->buffer);
    iio_buffer_destroy(self->buffer);
    oac_iio_leave(&call);
    self->session->buffers--;
    free(self->copy);
    free(self);
}

/* Both on the worker's thread, in which every signal is blocked for good: there is nothing to enter. */
static ssize_t call_push(void *context)
{
    struct oac_iio_buffer *self = context;
    if (self->copy)
        memcpy(iio_buffer_start(self->buffer), self->copy, self->samples * self->step);
    return iio_buffer_push(self->buffer);
}

static ssize_t call_refill(void *context)
{
    struct oac_iio_buffer *self = context;
    return iio_buffer_refill(self->buffer);
}

static void call_cancel(void *context)
{
    struct oac_iio_buffer *self = context;
    struct oac_iio_call call;
    oac_iio_enter(&call);
    iio_buffer_cancel(self->buffer);
    oac_iio_leave(&call);
}

/* The kernel has no cyclic buffers after all: a plain one in its place, pushed again and again. */
static enum oac_status repeat_instead(struct oac_iio_buffer *self, struct oac_err *err)
{
    const size_t bytes = self->samples * self->step;
    struct oac_iio_call call;
    int error = 0;
    self->copy = oac_alloc(bytes, 1, "a repeated buffer", err);
    if (!self->copy)
        return err->status;
    memcpy(self->copy, iio_buffer_start(self->buffer), bytes);
    oac_iio_enter(&call);
    iio_buffer_destroy(self->buffer);
    oac_iio_leave(&call);
    self->buffer = create(self, false, &error);
    if (!self->buffer)
        return failed(self, error, "opening", err);
    self->mode = OAC_IIO_REPEATED;
    return oac_iio_buffer_push(self, err);
}

enum oac_status oac_iio_buffer_wait(struct oac_iio_buffer *self, struct oac_err *err)
{
    if (!self->pushed)
        return OAC_OK;
    const ssize_t answer = oac_iio_worker_wait(self->worker, self->deadline_s);
    if (self->mode == OAC_IIO_CYCLIC && (answer == -EPERM || answer == -ENOSYS)) {
        self->pushed = false;
        return repeat_instead(self, err);
    }
    if (self->mode == OAC_IIO_STREAMING || answer < 0)
        self->pushed = false;
    if (answer < 0)
        return failed(self, answer, self->output ? "pushing to" : "reading samples of", err);
    if (self->spoiled.status) {
        *err = self->spoiled;
        self->answer = OAC_IIO_REOPEN_BUFFER;
    }
    return self->spoiled.status;
}

enum oac_status oac_iio_buffer_view(struct oac_iio_buffer *self, struct oac_iio_view *view,
                                    struct oac_err *err)
{
    if (!self->output)
        return oac_fail(err, OAC_EINTERNAL, "%s is an input: refill it", self->name);
    if (oac_iio_buffer_wait(self, err))
        return err->status;
    if (self->pushed)
        return oac_fail(err, OAC_EINVAL, "%s already plays: close its buffer to end it",
                        self->name);
    oac_iio_buffer_lay_out(self, self->samples * self->step, view);
    return OAC_OK;
}

static void tell(const struct oac_iio_buffer *self)
{
    const struct oac_tap *tap = self->session->tap;
    char device[200];
    struct oac_iio_view view;
    if (!tap)
        return;
    oac_iio_buffer_lay_out(self, self->samples * self->step, &view);
    oac_iio_watched_name(self->session, iio_device_get_name(self->device), device,
                         sizeof device);
    for (size_t c = 0; c < self->channels; c++)
        tap->pushed(tap->context, device, iio_channel_get_id(self->channel[c]), view.samples,
                    (const char *)view.data + view.offset[c], view.step);
}

static bool next_push(void *context, ssize_t answer)
{
    struct oac_iio_buffer *self = context;
    struct oac_iio_view view;
    (void)answer;
    oac_iio_buffer_lay_out(self, self->samples * self->step, &view);
    if (!self->each(self->each_context, &view))
        return false;
    tell(self);
    return true;
}

static bool next_refill(void *context, ssize_t answer)
{
    struct oac_iio_buffer *self = context;
    struct oac_iio_view view;
    if (oac_iio_buffer_check_layout(self, (size_t)answer, &self->spoiled))
        return false;
    oac_iio_buffer_lay_out(self, (size_t)answer, &view);
    return self->each(self->each_context, &view);
}

static void start(struct oac_iio_buffer *self, const struct oac_iio_job *job)
{
    self->spoiled.status = OAC_OK;
    self->pushed = true;
    oac_iio_worker_start(self->worker, job);
}

enum oac_status oac_iio_buffer_push(struct oac_iio_buffer *self, struct oac_err *err)
{
    if (self->pushed)
        return oac_fail(err, OAC_EINVAL, "%s: one push is under way: wait for it", self->name);
    const bool repeated = self->mode == OAC_IIO_REPEATED;
    if (repeated && !self->copy) {
        self->copy = oac_alloc(self->samples, self->step, "a repeated buffer", err);
        if (!self->copy)
            return err->status;
        memcpy(self->copy, iio_buffer_start(self->buffer), self->samples * self->step);
    }
    tell(self);
    start(self, &(struct oac_iio_job){call_push, call_cancel, NULL, self, repeated});
    return OAC_OK;
}

enum oac_status oac_iio_buffer_run(struct oac_iio_buffer *self, oac_iio_each *each,
                                   void *context, struct oac_err *err)
{
    if (self->pushed || self->mode != OAC_IIO_STREAMING)
        return oac_fail(err, OAC_EINVAL, "%s %s: close its buffer and open another", self->name,
                        self->pushed ? "is at work already" : "repeats one buffer");
    self->each = each;
    self->each_context = context;
    if (!self->output)
        start(self, &(struct oac_iio_job){call_refill, call_cancel, next_refill, self, false});
    else if (next_push(self, 0))
        start(self, &(struct oac_iio_job){call_push, call_cancel, next_push, self, false});
    return OAC_OK;
}

static bool keep(void *context, const struct oac_iio_view *view)
{
    *(struct oac_iio_view *)context = *view;
    return false;
}

enum oac_status oac_iio_buffer_refill(struct oac_iio_buffer *self, struct oac_iio_view *view,
                                      struct oac_err *err)
{
    if (self->output)
        return oac_fail(err, OAC_EINTERNAL, "%s is an output: push it", self->name);
    if (oac_iio_buffer_run(self, keep, view, err))
        return err->status;
    return oac_iio_buffer_wait(self, err);
}

enum oac_iio_answer oac_iio_buffer_answer(const struct oac_iio_buffer *self)
{
    return self->answer;
}

enum oac_iio_mode oac_iio_buffer_mode(struct oac_iio_buffer *self)
{
    return self->mode;
}
