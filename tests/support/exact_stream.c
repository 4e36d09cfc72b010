/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/support/exact_stream.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "hal/calrec.h"

#define SEGMENTS_LOADED 512

static atomic_int alive;

struct half { /* a loaded segment */
    size_t rows, slots, first, count;
    bool differential;
    double *tw; /* (rows, slots * weight_per_slot) */
};

struct exact {
    struct oac_exact_stream_options options;
    struct oac_stream_caps caps;
    struct oac_calrec *calrec, *nominal;
    struct oac_port *ports;
    double *setting; /* (OAC_SETTINGS, channels) */
    struct half half[SEGMENTS_LOADED];
    size_t loaded;
    atomic_uint fail_at;
    atomic_bool safe;
    size_t bursts, segments;
    struct oac_account account;
    pthread_mutex_t lock; /* of counts and account */
};

struct oac_workspace {
    double *tx;     /* client transmissions of a segment */
    double *t, *c;  /* instants [slots] and the integral of the rate up to them [code] */
    double *signal; /* the same of the signal alone */
    size_t edges;
    double slip; /* of the client in this segment [slots] */
};

static bool fails(struct exact *self, const char *what, struct oac_err *err)
{
    unsigned left = atomic_load(&self->fail_at);
    if (left == 0)
        return false;
    atomic_store(&self->fail_at, left - 1);
    if (left > 1)
        return false;
    (void)oac_fail(err, OAC_EDEVICE, "%s: made to fail by a test", what);
    return true;
}

static double transmission(const struct oac_port *port, const struct oac_curve *curve,
                           uint16_t code)
{
    return oac_curve_transmission(curve, port->v0_v + port->lsb_v * code);
}

static enum oac_status load(void *context, const struct oac_stream_load *wanted,
                            uint32_t *handle, struct oac_err *err)
{
    struct exact *self = context;
    if (fails(self, "load", err))
        return err->status;
    size_t at = SEGMENTS_LOADED; /* handles fall, so that the core sees every order */
    while (at > 0 && self->half[at - 1].tw)
        at--;
    if (at == 0)
        return oac_fail(err, OAC_ENOMEM, "more than %d segments", SEGMENTS_LOADED);
    const size_t samples = wanted->slots * self->caps.weight_samples_per_slot;
    double *tw = oac_alloc(wanted->rows * samples, sizeof *tw, "weights", err);
    if (!tw)
        return err->status;
    for (size_t i = 0; i < wanted->rows * samples; i++)
        tw[i] = transmission(&self->caps.link.weight[i / samples],
                             &self->calrec->channel[i / samples].weight, wanted->weight[i]);
    self->half[at - 1] = (struct half){wanted->rows,  wanted->slots,        wanted->first,
                                       wanted->count, wanted->differential, tw};
    self->loaded++;
    *handle = (uint32_t)at;
    return OAC_OK;
}

static enum oac_status unload(void *context, uint32_t handle, struct oac_err *err)
{
    struct exact *self = context;
    (void)err;
    free(self->half[handle - 1].tw);
    self->half[handle - 1].tw = NULL;
    self->loaded--;
    return OAC_OK;
}

static double setting_of(const struct exact *self, enum oac_setting setting, size_t channel)
{
    return self->setting[(size_t)setting * self->caps.link.channels + channel];
}

/* Delay of channel k's weights in this burst [slots]. */
static double delay_of(const struct exact *self, size_t k, size_t burst)
{
    const struct oac_exact_stream_options *o = &self->options;
    double jump = o->delay_jumps ? (double)((burst * 7) % 13) : 0.0;
    return o->delay_slots + o->delay_step_slots * (double)k +
           jump / self->caps.readout_samples_per_slot +
           setting_of(self, OAC_PREDELAY_S, k) / OAC_EXACT_STREAM_SLOT_S;
}

static double held(const double *value, size_t per_slot, size_t count, double t)
{
    double at = floor(t * (double)per_slot + 1e-9);
    if (at < 0.0)
        return value[0];
    return value[at < (double)count ? (size_t)at : count - 1];
}

/* Rate [code per slot] and its signal part with these transmissions. */
static double rate_of(const struct exact *self, const struct half *half, size_t k, double tw,
                      double tx, double launch, double *signal)
{
    const struct oac_calrec_channel *c = &self->calrec->channel[k];
    if (setting_of(self, OAC_LASER_ON, k) == 0.0)
        launch = 0.0;
    if (self->options.dead & (1u << k)) {
        *signal = 0.0;
        return c->dark_code_per_slot;
    }
    double plus = launch * c->gain_code * tw * tx;
    double minus = launch * c->gain_minus_code * (1.0 + c->weight.r - tw) * tx;
    *signal = plus + (half->differential ? minus : 0.0);
    if (half->differential)
        return c->dark_pair_code_per_slot + c->gx_pair_code_per_x * tx + plus - minus;
    return c->dark_code_per_slot + c->gx_code_per_x * tx + plus;
}

/* Integrates row k over the whole capture, edge by edge. */
static void integrate(const struct exact *self, const struct half *half, size_t k, double delay,
                      double launch, struct oac_workspace *work)
{
    const size_t wide = self->caps.weight_samples_per_slot * half->slots;
    const size_t long_ = self->caps.client_samples_per_slot * half->slots;
    const double w_step = 1.0 / self->caps.weight_samples_per_slot;
    const double x_step = 1.0 / self->caps.client_samples_per_slot;
    const double skew = self->options.skew_slots + work->slip +
                        setting_of(self, OAC_SKEW_S, 0) / OAC_EXACT_STREAM_SLOT_S;
    const double *tw = half->tw + k * wide;
    size_t i = 0, j = 0, n = 0;
    double t = -100.0, sum = 0.0, signal_sum = 0.0;
    work->t[0] = t;
    work->c[0] = work->signal[0] = 0.0;
    while (i <= wide || j <= long_ || n == 0) {
        double next_w = i <= wide ? delay + (double)i * w_step : HUGE_VAL;
        double next_x = j <= long_ ? delay + skew + (double)j * x_step : HUGE_VAL;
        double next = fmin(next_w, next_x), middle = 0.5 * (t + next), signal;
        i += next_w <= next_x;
        j += next_x <= next_w;
        double rate = rate_of(
            self, half, k, held(tw, self->caps.weight_samples_per_slot, wide, middle - delay),
            held(work->tx, self->caps.client_samples_per_slot, long_, middle - delay - skew),
            launch, &signal);
        sum += rate * (next - t);
        signal_sum += signal * (next - t);
        t = next;
        work->t[++n] = t;
        work->c[n] = sum;
        work->signal[n] = signal_sum;
    }
    double signal,
        rate = rate_of(self, half, k, tw[wide - 1], work->tx[long_ - 1], launch, &signal);
    work->t[++n] = t + 1e4;
    work->c[n] = sum + rate * 1e4;
    work->signal[n] = signal_sum + signal * 1e4;
    work->edges = n + 1;
}

static double upto(const struct oac_workspace *work, const double *c, double t)
{
    size_t low = 0, high = work->edges - 1;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (work->t[middle] <= t)
            low = middle;
        else
            high = middle;
    }
    return c[low] + (c[high] - c[low]) * (t - work->t[low]) / (work->t[high] - work->t[low]);
}

static double normal(const struct oac_stream_segment *segment, size_t k, uint32_t j)
{
    return oac_rng_normal(11, OAC_RNG_TEST + 1 + (uint32_t)k, segment->slot0, j);
}

/* The running value at sample j, gate and reset included. */
static double running(const struct exact *self, const struct half *half,
                      const struct oac_stream_segment *segment, size_t k, double t,
                      const struct oac_workspace *work)
{
    const double open = segment->capture->gate_open_s[k] / OAC_EXACT_STREAM_SLOT_S;
    const double close = segment->capture->gate_close_s[k] / OAC_EXACT_STREAM_SLOT_S;
    const struct oac_calrec_channel *c = &self->calrec->channel[k];
    double zero = half->differential ? c->offset_pair_code : c->offset_code;
    if (t < open - 1e-9)
        return zero;
    zero += self->options.reset_noise_code * normal(segment, k, 1000000u);
    return zero + upto(work, work->c, fmin(t, close)) - upto(work, work->c, open);
}

static void receive(const struct exact *self, const struct half *half,
                    const struct oac_stream_segment *segment, size_t k, size_t lost,
                    double begin, const struct oac_workspace *work)
{
    const double per_slot = self->caps.readout_samples_per_slot;
    const struct oac_port *port = &self->caps.link.readout[k];
    const double blur = self->options.blurred ? 1.0 : 0.0;
    const double fast = 1.0 + self->options.clock_drift, sample = 1.0 / (fast * per_slot);
    double counts = 0.0, before = 0.0;
    uint8_t flag = 0;
    for (size_t i = 0; i < segment->capture->picks; i++) {
        const uint32_t pick = segment->capture->pick[i];
        const double t = (begin + (double)(pick + lost) / per_slot) / fast - begin;
        double value;
        if (self->options.receiver == OAC_SAMPLED) {
            double from = upto(work, work->c, t - blur * sample);
            value = (upto(work, work->c, t + (1.0 + blur) * sample) - from) / sample /
                    (1.0 + 2.0 * blur);
        } else {
            value = running(self, half, segment, k, t, work);
        }
        if (self->options.poisson) {
            counts +=
                oac_rng_poisson(12, OAC_RNG_TEST + 50 + (uint32_t)k,
                                segment->slot0 * 65536u + pick, 0, fmax(value - before, 0.0));
            before = value;
            value = counts;
        }
        value += self->options.noise_code * normal(segment, k, pick);
        if (value < port->code_min || value > port->code_max)
            flag = OAC_FLAG_SATURATED;
        segment->rx[k * segment->capture->picks + i] = (float)value;
    }
    if (segment->flag)
        segment->flag[k] = flag;
}

static double play_segment(const struct exact *self, const struct oac_stream_segment *segment,
                           size_t burst, size_t lost, double begin, struct oac_workspace *work)
{
    const struct half *half = &self->half[segment->handle - 1];
    double light = 0.0;
    for (size_t n = 0; n < half->slots * self->caps.client_samples_per_slot; n++)
        work->tx[n] =
            transmission(self->caps.link.client, &self->calrec->client, segment->client[n]);
    for (size_t k = 0; k < half->rows; k++) {
        const double delay = delay_of(self, k, burst);
        integrate(self, half, k, delay, (double)segment->launch, work);
        receive(self, half, segment, k, lost, begin, work);
        const double from = (double)half->first + delay;
        light += upto(work, work->signal, from + (double)half->count) -
                 upto(work, work->signal, from);
    }
    light *= OAC_EXACT_STREAM_PHOTONS_PER_CODE;
    if (segment->photons)
        *segment->photons = light;
    return light;
}

static enum oac_status play(void *context, struct oac_workspace *workspace,
                            struct oac_stream_burst *burst, struct oac_err *err)
{
    struct exact *self = context;
    const struct oac_exact_stream_options *o = &self->options;
    if (fails(self, "play", err))
        return err->status;
    pthread_mutex_lock(&self->lock);
    const size_t number = ++self->bursts;
    self->segments += burst->segments;
    pthread_mutex_unlock(&self->lock);
    double light = 0.0, begin = 0.0; /* slots */
    const bool loses = o->lose_burst &&
                       (number == o->lose_burst || (o->lose_always && number > o->lose_burst));
    burst->received = burst->segments;
    if (number == o->short_burst)
        burst->received -= o->short_by < burst->segments ? o->short_by : burst->segments;
    for (size_t i = 0; i < burst->received; i++) {
        workspace->slip = loses && i >= o->lose_segment ? o->slip_slots : 0.0;
        light +=
            play_segment(self, &burst->segment[i], number,
                         loses && i >= o->lose_segment ? o->lose_samples : 0, begin, workspace);
        begin += (double)self->half[burst->segment[i].handle - 1].slots;
    }
    pthread_mutex_lock(&self->lock);
    self->account.detected_photons += light;
    pthread_mutex_unlock(&self->lock);
    return OAC_OK;
}

static enum oac_status light(void *context, uint32_t handle, struct oac_frame_light *figures,
                             struct oac_err *err)
{
    struct exact *self = context;
    if (fails(self, "light", err))
        return err->status;
    const double count = (double)self->half[handle - 1].count;
    *figures = (struct oac_frame_light){1e-9 * count, 1e-10 * count, 1e4};
    return OAC_OK;
}

static enum oac_status set(void *context, enum oac_setting setting, size_t channel,
                           double value, double *readback, struct oac_err *err)
{
    struct exact *self = context;
    if (fails(self, "set", err))
        return err->status;
    double step = self->caps.link.settings[setting].step;
    double taken = step > 0.0 ? step * nearbyint(value / step) : value;
    self->setting[(size_t)setting * self->caps.link.channels + channel] = taken;
    *readback = taken;
    return OAC_OK;
}

static enum oac_status get(void *context, enum oac_setting setting, size_t channel,
                           double *value, struct oac_err *err)
{
    (void)err;
    *value = setting_of(context, setting, channel);
    return OAC_OK;
}

static enum oac_status safe(void *context, struct oac_err *err)
{
    (void)err;
    struct exact *self = context;
    atomic_store(&self->safe, true);
    return OAC_OK;
}

static void account(const void *context, struct oac_account *figures)
{
    const struct exact *self = context;
    *figures = self->account;
}

static void close_stream(void *context)
{
    struct exact *self = context;
    for (size_t i = 0; i < SEGMENTS_LOADED; i++)
        free(self->half[i].tw);
    oac_calrec_destroy(self->calrec);
    oac_calrec_destroy(self->nominal);
    free(self->ports);
    free(self->setting);
    pthread_mutex_destroy(&self->lock);
    free(self);
    atomic_fetch_sub(&alive, 1);
}

static void workspace_destroy(void *context, struct oac_workspace *workspace)
{
    (void)context;
    free(workspace->tx);
    free(workspace->t);
    free(workspace->c);
    free(workspace->signal);
    free(workspace);
}

static struct oac_workspace *workspace_create(void *context, struct oac_err *err)
{
    struct exact *self = context;
    if (fails(self, "workspace", err))
        return NULL;
    struct oac_workspace *work = oac_alloc(1, sizeof *work, "a workspace", err);
    if (!work)
        return NULL;
    const size_t x = self->caps.segment_slots_max * self->caps.client_samples_per_slot;
    const size_t edges =
        x + self->caps.segment_slots_max * self->caps.weight_samples_per_slot + 8;
    if (!(work->tx = oac_alloc(x, sizeof(double), "operands", err)) ||
        !(work->t = oac_alloc(edges, sizeof(double), "edges", err)) ||
        !(work->c = oac_alloc(edges, sizeof(double), "edges", err)) ||
        !(work->signal = oac_alloc(edges, sizeof(double), "edges", err))) {
        workspace_destroy(self, work);
        return NULL;
    }
    return work;
}

static const struct oac_stream_ops exact_ops = {
    .load = load,
    .unload = unload,
    .play = play,
    .light = light,
    .set = set,
    .get = get,
    .safe = safe,
    .account = account,
    .close = close_stream,
    .workspace_create = workspace_create,
    .workspace_destroy = workspace_destroy,
};
static const struct oac_stream_ops dark_ops = {
    /* a board: no light figures */
    .load = load,
    .unload = unload,
    .play = play,
    .set = set,
    .get = get,
    .safe = safe,
    .account = account,
    .close = close_stream,
    .workspace_create = workspace_create,
    .workspace_destroy = workspace_destroy,
};

/* A converter that covers a little more than the half period below V_peak; safe is where it is
 * darkest. */
static struct oac_port port_for(enum oac_role role, size_t channel,
                                const struct oac_curve *curve, double rate_hz)
{
    const int32_t last = 4095;
    double low_v = curve->vpeak_v - 1.04 * curve->vpi_v;
    double high_v = curve->vpeak_v + 0.05 * curve->vpi_v;
    bool falling = channel % 2 == 1;
    struct oac_port port = {.role = role,
                            .channel = channel,
                            .code_max = last,
                            .v0_v = falling ? high_v : low_v,
                            .lsb_v = (falling ? low_v - high_v : high_v - low_v) / last,
                            .rate_hz = rate_hz};
    port.code_safe =
        (int32_t)nearbyint((curve->vpeak_v - curve->vpi_v - port.v0_v) / port.lsb_v);
    return port;
}

static void fill_calrec(struct exact *self)
{
    const struct oac_exact_stream_options *o = &self->options;
    const double gain = o->gain_code > 0.0 ? o->gain_code : 10.0;
    self->calrec->client = (struct oac_curve){5.0, 0.21, 0.01};
    for (size_t k = 0; k < o->channels; k++) {
        const double i = (double)k, on = o->bare ? 0.0 : 1.0;
        const bool sampled = o->receiver == OAC_SAMPLED; /* a zero in every conversion */
        self->calrec->channel[k] = (struct oac_calrec_channel){
            .weight = {4.0 + 0.1 * i, 0.3 - 0.05 * i, 0.003 * (1.0 + 0.1 * i)},
            .gain_code = gain * (1.0 + 0.037 * i),
            .gain_minus_code = o->differential ? gain * (1.0 + 0.037 * i) * 1.02 : 0.0,
            .offset_code = sampled ? 0.0 : on * (100.0 - 3.0 * i),
            .dark_code_per_slot = on * (0.05 + 0.01 * i + (sampled ? 3.0 : 0.0)),
            .gx_code_per_x = on * (0.2 + 0.03 * i),
            .offset_pair_code = sampled ? 0.0 : on * (5.0 + i),
            .dark_pair_code_per_slot = on * (0.01 - 0.002 * i + (sampled ? 3.0 : 0.0)),
            .gx_pair_code_per_x = on * (0.04 - 0.01 * i),
            .noise_code = 0.0,
        };
    }
}

static void fill_caps(struct exact *self)
{
    const struct oac_exact_stream_options *o = &self->options;
    const size_t channels = o->channels;
    self->caps = (struct oac_stream_caps){
        .weight_samples_per_slot = o->weight_per_slot ? o->weight_per_slot : 8,
        .client_samples_per_slot = o->client_per_slot ? o->client_per_slot : 8,
        .readout_samples_per_slot = o->readout_per_slot ? o->readout_per_slot : 8,
        .memory_slots = o->memory_slots,
        .delay_slots_max = o->delay_slots_max,
        .segment_slots_max = o->segment_slots_max,
        .segments_max = o->segments_max,
        .gate_step_s = o->gate_step_slots * OAC_EXACT_STREAM_SLOT_S,
        .reset_noise_in_start = o->reset_noise_in_start,
        .segments_apart = !o->together,
        .delay_stable = !o->delay_jumps,
        .drives_apart = o->drives_apart,
        .clock_drift = fabs(o->clock_drift),
    };
    self->caps.link = (struct oac_link_caps){
        .device_id = "exact stream",
        .firmware = "test",
        .channels = channels,
        .slots_max = o->segment_slots_max,
        .slot_s = OAC_EXACT_STREAM_SLOT_S,
        .guard_slots = o->guard_slots,
        .receiver = o->receiver,
        .conversions_per_readout = 1,
        .differential = o->differential,
        .launch_per_window = true,
        .launch_max = 2.0,
        .honours_slot0 = true,
        .knows_photons = !o->no_light,
        .concurrent_play = true,
        .frequency_hz = 193.4e12,
        .quantum_efficiency = 1.0,
        .weight = self->ports,
        .client = self->ports + channels,
        .readout = self->ports + channels + 1,
        .nominal = self->nominal,
    };
    struct oac_range *settings = self->caps.link.settings;
    for (int s = 0; s < OAC_SETTINGS; s++)
        settings[s] = (struct oac_range){1.0, -1.0, 0.0, 0.0};
    settings[OAC_LASER_DBM] = (struct oac_range){-30.0, 10.0, 0.01, 0.0};
    settings[OAC_LASER_ON] = (struct oac_range){0.0, 1.0, 1.0, 0.0};
    settings[OAC_BIAS_CLIENT_V] = (struct oac_range){-5.0, 5.0, 0.0, 0.0};
    settings[OAC_PREDELAY_S] = (struct oac_range){-1e-3, 1e-3, 0.0, 0.0};
    if (!o->no_skew_setting)
        settings[OAC_SKEW_S] = (struct oac_range){-1e-3, 1e-3, o->skew_setting_step_s, 0.0};
}

enum oac_status oac_exact_stream_open(const struct oac_exact_stream_options *options,
                                      struct oac_stream *stream, struct oac_err *err)
{
    const size_t channels = options->channels;
    struct exact *self = oac_alloc(1, sizeof *self, "an exact stream", err);
    if (!self)
        return err->status;
    self->options = *options;
    pthread_mutex_init(&self->lock, NULL);
    atomic_fetch_add(&alive, 1);
    if (oac_calrec_create(channels, &self->calrec, err) ||
        !(self->ports = oac_alloc(2 * channels + 1, sizeof *self->ports, "ports", err)) ||
        !(self->setting =
              oac_alloc(OAC_SETTINGS * channels, sizeof(double), "settings", err))) {
        close_stream(self);
        return err->status;
    }
    fill_calrec(self);
    if (oac_calrec_copy(self->calrec, &self->nominal, err)) {
        close_stream(self);
        return err->status;
    }
    fill_caps(self);
    const double slot_hz = 1.0 / OAC_EXACT_STREAM_SLOT_S;
    const double range = options->range_code > 0.0 ? options->range_code : 60000.0;
    for (size_t k = 0; k < channels; k++) {
        self->ports[k] = port_for(OAC_WEIGHT, k, &self->calrec->channel[k].weight,
                                  slot_hz * self->caps.weight_samples_per_slot);
        self->ports[channels + 1 + k] =
            (struct oac_port){.role = OAC_READOUT,
                              .channel = k,
                              .code_min = -(int32_t)range,
                              .code_max = (int32_t)range,
                              .lsb_v = 1e-3,
                              .rate_hz = slot_hz * self->caps.readout_samples_per_slot};
        self->setting[OAC_LASER_ON * channels + k] = 1.0;
    }
    self->setting[OAC_LASER_ON * channels] = options->laser_off == 1.0 ? 0.0 : 1.0;
    self->ports[channels] = port_for(OAC_CLIENT, 0, &self->calrec->client,
                                     slot_hz * self->caps.client_samples_per_slot);
    for (size_t k = 0; k < channels; k++) {
        struct oac_curve *weight = &self->calrec->channel[k].weight;
        weight->vpeak_v += (k % 2 ? -1.0 : 1.0) * options->peaks_off * weight->vpi_v;
    }
    self->calrec->client.vpeak_v += options->peaks_off * self->calrec->client.vpi_v;
    *stream = (struct oac_stream){
        .ops = options->no_light ? &dark_ops : &exact_ops, .caps = &self->caps, .self = self};
    return OAC_OK;
}

void oac_exact_stream_fail_at(const struct oac_stream *stream, unsigned n)
{
    struct exact *self = stream->self;
    atomic_store(&self->fail_at, n);
}

size_t oac_exact_stream_loaded(const struct oac_stream *stream)
{
    const struct exact *self = stream->self;
    return self->loaded;
}

size_t oac_exact_stream_bursts(const struct oac_stream *stream)
{
    const struct exact *self = stream->self;
    return self->bursts;
}

size_t oac_exact_stream_segments(const struct oac_stream *stream)
{
    const struct exact *self = stream->self;
    return self->segments;
}

int oac_exact_stream_alive(void)
{
    return atomic_load(&alive);
}
