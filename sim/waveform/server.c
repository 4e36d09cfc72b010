/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/waveform/server.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/constants.h"
#include "base/units.h"
#include "sim/waveform/server_internal.h"

static const double M_PER_KM = 1e3, S_PER_PS = 1e-12;
/* Largest walk-off of a comb's common noise that is simulated. */
static const double COMB_SAMPLES_MAX = 1e7;

static enum oac_status make_drives(const struct oac_waveform *self,
                                   struct oac_wave_server *server, struct oac_err *err)
{
    struct oac_wave_drive *first = &server->channel[0].drive;
    if (oac_wave_drive_init(self, self->bench->channel[0].weight_dac, &self->rig.weight_dac,
                            &self->rig.weight_modulator, "weight_modulator", first, err))
        return err->status;
    for (size_t k = 1; k < self->bench->channels; k++) {
        server->channel[k].drive = *first;
        server->channel[k].drive.dac = self->bench->channel[k].weight_dac;
    }
    server->drawn = first->noise_v > 0.0 || first->jitter_s > 0.0;
    return OAC_OK;
}

static struct oac_wave_span span_of(const struct oac_waveform *self,
                                    const struct oac_fiber_line *line)
{
    double spans = (double)self->bench->amplifier.stages;
    struct oac_wave_span span = {
        .line = *line,
        .loss_per_m = self->rig.fiber.loss_db_per_km / M_PER_KM * log(10.0) / 10.0,
        .gamma_per_w_m = self->rig.fiber.gamma_per_w_km / M_PER_KM,
        .steps = (size_t)self->rig.fiber.steps_per_span,
        .rate_hz = self->grid.rate_hz,
    };
    span.line.length_m = line->length_m / spans;
    return span;
}

/* First-order PMD of a channel: hidden, drawn with bench_seed. Maxwell's distribution is that of the length of a
 * vector of three normals; its mean is sigma sqrt(8/pi). The launched state of polarisation lies anywhere on the
 * sphere, so a principal state's share of the power is uniform. */
static void split_states(const struct oac_waveform *self, size_t k,
                         struct oac_wave_server_channel *channel)
{
    double mean_s =
        self->rig.fiber.pmd_ps_rtkm * S_PER_PS * sqrt(self->rig.fiber.length_m / M_PER_KM);
    channel->state[0].amplitude = 1.0;
    if (!(mean_s > 0.0))
        return;
    uint64_t seed = (uint64_t)self->rig.bench_seed;
    uint32_t stream = oac_wave_stream(OAC_WAVE_PMD, k);
    double square = 0.0;
    for (uint32_t i = 0; i < 3; i++) {
        double z = oac_rng_normal(seed, stream, 0, i);
        square += z * z;
    }
    double delay_s = mean_s * sqrt(OAC_PI / 8.0) * sqrt(square);
    double share = oac_rng_uniform(seed, stream, 0, 3);
    channel->state[0].amplitude = sqrt(share);
    channel->state[1].amplitude = sqrt(1.0 - share);
    channel->state[0].delay_s = 0.5 * delay_s;
    channel->state[1].delay_s = -0.5 * delay_s;
}

static void make_fiber(const struct oac_waveform *self, struct oac_wave_server *server)
{
    const struct oac_bench *bench = self->bench;
    for (size_t k = 0; k < bench->channels; k++) {
        struct oac_wave_server_channel *channel = &server->channel[k];
        struct oac_fiber_line line =
            oac_fiber_line(&bench->fiber, bench->channel[k].frequency_hz);
        channel->line = line;
        channel->span = span_of(self, &line);
        split_states(self, k, channel);
    }
}

static enum oac_status make_noise(const struct oac_waveform *self,
                                  struct oac_wave_server *server, struct oac_err *err)
{
    const struct oac_bench *bench = self->bench;
    double dt_s = self->grid.dt_s;
    if (self->noise & OAC_NOISE_RIN && bench->laser.rin_per_hz > 0.0)
        server->rin_sigma = sqrt(bench->laser.rin_per_hz * self->grid.rate_hz / 2.0);
    if (self->noise & OAC_NOISE_LINEWIDTH)
        server->turn_sigma =
            sqrt(2.0 * OAC_PI * self->rig.laser.linewidth_hz * dt_s) / (2.0 * OAC_PI);
    if (!self->rig.laser.shared)
        return OAC_OK;
    double latest_s = 0.0, earliest_s = 0.0;
    for (size_t k = 0; k < bench->channels; k++) {
        latest_s = fmax(latest_s, bench->channel[k].delay_s - bench->channel[0].delay_s);
        earliest_s = fmin(earliest_s, bench->channel[k].delay_s - bench->channel[0].delay_s);
    }
    if (!((latest_s - earliest_s) / dt_s <= COMB_SAMPLES_MAX))
        return oac_fail(err, OAC_EUNSUPPORTED,
                        "rig %s: lines of the comb walk off by %g samples; at most %g can be "
                        "simulated: shorten the fiber or lower slot_rate_hz",
                        self->rig.name, (latest_s - earliest_s) / dt_s, COMB_SAMPLES_MAX);
    double latest = rint(latest_s / dt_s);
    for (size_t k = 0; k < bench->channels; k++) {
        double late = rint((bench->channel[k].delay_s - bench->channel[0].delay_s) / dt_s);
        server->channel[k].comb_shift = (size_t)(latest - late);
    }
    server->comb_span = (size_t)(latest - rint(earliest_s / dt_s));
    return OAC_OK;
}

enum oac_status oac_wave_server_create(struct oac_waveform *self, struct oac_err *err)
{
    struct oac_wave_server *server = oac_alloc(1, sizeof *server, "a server", err);
    if (!server)
        return err->status;
    const struct oac_bench *bench = self->bench;
    const struct oac_amplifier *amplifier = &bench->amplifier;
    bool before = amplifier->position == OAC_AMPLIFIER_BEFORE_CLIENT;
    self->server = server; /* the caller destroys it on failure too */
    server->channel = oac_alloc(bench->channels, sizeof *server->channel, "a server", err);
    if (!server->channel)
        return err->status;
    server->channels = bench->channels;
    server->kerr = self->rig.fiber.gamma_per_w_km > 0.0 && self->rig.fiber.length_m > 0.0;
    server->ase = before && self->noise & OAC_NOISE_ASE && amplifier->stage_gain > 1.0;
    server->ase_polarisations = server->ase ? (unsigned)amplifier->polarisations : 0;
    server->fiber_field = sqrt(bench->fiber.transmission);
    server->amplifier_field = before ? sqrt(amplifier->gain) : 1.0;
    server->lumped_field = sqrt(
        oac_linear_loss_from_db(self->rig.fiber.attenuator_db / (double)amplifier->stages));
    bool splits = self->rig.fiber.pmd_ps_rtkm > 0.0 && self->rig.fiber.length_m > 0.0;
    self->polarisations = splits || server->ase_polarisations == 2 ? 2 : 1;
    make_fiber(self, server);
    if (make_drives(self, server, err) || oac_wave_server_filters_create(self, server, err) ||
        make_noise(self, server, err))
        return err->status;
    return oac_wave_server_refresh(self, err);
}

enum oac_status oac_wave_server_refresh(struct oac_waveform *self, struct oac_err *err)
{
    (void)err;
    const struct oac_panel *panel = &self->panel;
    for (size_t k = 0; k < self->bench->channels; k++) {
        struct oac_wave_server_channel *channel = &self->server->channel[k];
        double setting =
            oac_power_ratio_from_db(panel->laser_dbm[k] - self->rig.laser.power_dbm);
        channel->power_w = self->bench->channel[k].power_w * setting * panel->laser_on[k];
        channel->bias_v = panel->bias_weight_v[k];
        channel->delay_s = self->bench->channel[k].delay_s + panel->predelay_s[k];
    }
    return OAC_OK;
}

void oac_wave_server_destroy(struct oac_wave_server *server)
{
    if (!server)
        return;
    oac_wave_server_filters_destroy(server);
    if (server->channel)
        oac_wave_drive_fini(&server->channel[0].drive);
    free(server->channel);
    free(server);
}

uint32_t oac_wave_server_memory_slots(const struct oac_waveform *self)
{
    const struct oac_wave_server *server = self->server;
    double longest_s = 0.0;
    for (size_t k = 0; k < server->channels; k++) {
        const struct oac_wave_server_channel *channel = &server->channel[k];
        double memory_s = fabs(channel->delay_s) + fabs(channel->state[0].delay_s);
        memory_s += (double)channel->memory * self->grid.dt_s;
        if (server->kerr) /* the slowest part of the sampled band against its middle */
            memory_s += fabs(channel->span.line.beta2_s2_per_m) * self->rig.fiber.length_m *
                        OAC_PI * self->grid.rate_hz;
        longest_s = fmax(longest_s, memory_s);
    }
    longest_s += oac_wave_drive_memory_s(&server->channel[0].drive);
    double slots = ceil(longest_s / self->slot_s - 1e-9);
    return slots < 4e9 ? (uint32_t)slots : UINT32_MAX;
}

bool oac_wave_server_varies(const struct oac_waveform *self)
{
    const struct oac_wave_server *server = self->server;
    const struct oac_rig *rig = &self->rig;
    bool drifts = self->noise & OAC_NOISE_DRIFT &&
                  (rig->laser.drift_sigma > 0.0 || rig->weight_modulator.drift_sigma_v > 0.0);
    return server->drawn || server->rin_sigma > 0.0 || server->turn_sigma > 0.0 ||
           server->ase || server->kerr || drifts;
}
