/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/bench.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "base/units.h"
#include "sim/components/demux.h"

/* sub numbers of stream OAC_RNG_BENCH; converter_error.c uses those from 16. */
enum {
    DRAW_POWER,
    DRAW_VPI,
    DRAW_BIAS,
    DRAW_GAIN,
    DRAW_OFFSET,
    DRAW_ADC_DELAY,
    DRAW_ER,
    DRAW_PAIR
};

/* Numbers that tell converters and drift processes of one bench apart; channels are below 2^16.
 */
enum { CONVERTER_WEIGHT = 0, CONVERTER_CLIENT = 1 << 20, CONVERTER_ADC = 2 << 20 };
enum { DRIFT_BIAS = 0, DRIFT_POWER = 1 << 20, DRIFT_GAIN = 2 << 20, DRIFT_CLIENT = 3 << 20 };

/* The client's modulator is one part: its draws sit beside those of the channels. */
static const uint64_t CLIENT_INDEX = UINT64_C(1) << 40;

/* Crosstalk of laser j in readout k is drawn at (k << 20) + j, away from the channels. */
static const uint64_t CROSSTALK_INDEX = UINT64_C(1) << 41;

static double hidden(const struct oac_rig *rig, uint64_t index, uint32_t what, double sigma)
{
    if (!(sigma > 0.0))
        return 0.0;
    if (rig->spread == OAC_SPREAD_UNIFORM)
        return sigma *
               (2.0 * oac_rng_uniform((uint64_t)rig->bench_seed, OAC_RNG_BENCH, index, what) -
                1.0);
    return sigma * oac_rng_normal((uint64_t)rig->bench_seed, OAC_RNG_BENCH, index, what);
}

static struct oac_mzm hidden_mzm(const struct oac_rig *rig, uint64_t index,
                                 const struct oac_rig_modulator *modulator, double scale)
{
    double vpi_scale = scale * (1.0 + hidden(rig, index, DRAW_VPI, modulator->vpi_spread));
    struct oac_mzm mzm = oac_mzm_from_rig(
        modulator, vpi_scale, hidden(rig, index, DRAW_BIAS, modulator->bias_spread_v));
    double er_db = modulator->er_db + hidden(rig, index, DRAW_ER, modulator->er_spread_db);
    if (modulator->er_spread_db > 0.0)
        mzm.r = oac_linear_loss_from_db(fmax(er_db, 3.0));
    return mzm;
}

static struct oac_drift process(const struct oac_rig *rig, double sigma, double tau_s, int kind,
                                size_t channel)
{
    return oac_drift_make(sigma, tau_s, (uint64_t)rig->bench_seed,
                          (uint32_t)kind + (uint32_t)channel);
}

static void fill_channel(const struct oac_rig *rig, const struct oac_bench *bench, size_t k,
                         struct oac_bench_channel *channel)
{
    double frequency_hz = oac_laser_frequency_hz(&bench->laser, k);
    double stretch =
        rig->client_modulator.vpi_tracks_wavelength ? rig->laser.center_hz / frequency_hz : 1.0;
    double gain_db = hidden(rig, k, DRAW_GAIN, rig->detector.gain_spread_db);
    channel->frequency_hz = frequency_hz;
    channel->power_w = oac_laser_power_w(
        &bench->laser, hidden(rig, k, DRAW_POWER, rig->laser.power_spread_db));
    channel->weight = hidden_mzm(rig, k, &rig->weight_modulator, 1.0);
    channel->client = hidden_mzm(rig, CLIENT_INDEX, &rig->client_modulator, stretch);
    channel->electrons_per_joule =
        oac_detector_electrons_per_joule(rig->detector.quantum_efficiency, frequency_hz);
    channel->gain = oac_power_ratio_from_db(gain_db);
    const double mismatch = hidden(rig, k, DRAW_PAIR, rig->detector.pair_mismatch_spread);
    channel->gain_plus = bench->detector.pair_gain_plus + 0.5 * mismatch;
    channel->gain_minus = bench->detector.pair_gain_minus - 0.5 * mismatch;
    channel->delay_s = oac_fiber_delay_s(&bench->fiber, frequency_hz);
    channel->predelay_s = rig->fiber.precompensate ? -channel->delay_s : 0.0;
    channel->adc_delay_s = rig->timing.adc_delay_s +
                           hidden(rig, k, DRAW_ADC_DELAY, rig->timing.adc_delay_spread_s);
    channel->ase_w_per_hz = oac_amplifier_ase_w_per_hz(&bench->amplifier, frequency_hz);
    channel->bias_drift = process(rig, rig->weight_modulator.drift_sigma_v,
                                  rig->weight_modulator.drift_tau_s, DRIFT_BIAS, k);
    channel->power_drift =
        process(rig, rig->laser.drift_sigma, rig->laser.drift_tau_s, DRIFT_POWER, k);
    channel->gain_drift =
        process(rig, rig->detector.drift_sigma, rig->detector.drift_tau_s, DRIFT_GAIN, k);
}

/* Every pair of channels apart; the diagonal is the insertion loss. */
static void spread_crosstalk(const struct oac_rig *rig, struct oac_bench *bench)
{
    const double spread_db = rig->demux.crosstalk_spread_db;
    for (size_t k = 0; spread_db > 0.0 && k < bench->channels; k++)
        for (size_t j = 0; j < bench->channels; j++) {
            double *x = &bench->demux[k * bench->channels + j];
            uint64_t index = CROSSTALK_INDEX + ((uint64_t)k << 20) + j;
            double more = oac_power_ratio_from_db(hidden(rig, index, DRAW_POWER, spread_db));
            if (j != k)
                *x = fmin(*x * more, bench->demux[k * bench->channels + k]);
        }
}

static enum oac_status make_converters(const struct oac_rig *rig, struct oac_bench *bench,
                                       struct oac_err *err)
{
    uint64_t seed = (uint64_t)rig->bench_seed;
    enum oac_status status =
        oac_dac_create(&rig->client_dac, seed, CONVERTER_CLIENT, &bench->client_dac, err);
    for (size_t k = 0; status == OAC_OK && k < bench->channels; k++) {
        struct oac_bench_channel *channel = &bench->channel[k];
        status = oac_dac_create(&rig->weight_dac, seed, CONVERTER_WEIGHT + (uint32_t)k,
                                &channel->weight_dac, err);
        if (status != OAC_OK)
            break;
        status = oac_adc_create(rig, hidden(rig, k, DRAW_OFFSET, rig->adc.offset_spread_v),
                                CONVERTER_ADC + (uint32_t)k, &channel->adc, err);
    }
    return status;
}

enum oac_status oac_bench_create(const struct oac_rig *rig, struct oac_bench **bench,
                                 struct oac_err *err)
{
    struct oac_bench *made = oac_alloc(1, sizeof *made, "a bench", err);
    if (!made)
        return err->status;
    size_t channels = (size_t)rig->channels, cells = 0;
    made->channels = channels;
    made->channel = oac_alloc(channels, sizeof *made->channel, "a bench's channels", err);
    if (!made->channel ||
        oac_size_product(channels, channels, "a demux", &cells, err) != OAC_OK)
        goto destroy;
    made->demux = oac_alloc(cells, sizeof *made->demux, "a demux", err);
    if (!made->demux)
        goto destroy;
    made->laser = oac_laser_from_rig(rig);
    made->fiber = oac_fiber_from_rig(rig);
    made->amplifier = oac_amplifier_from_rig(rig);
    made->detector = oac_detector_from_rig(rig);
    oac_demux_matrix(rig, channels, made->demux);
    spread_crosstalk(rig, made);
    made->client_bias_drift = process(rig, rig->client_modulator.drift_sigma_v,
                                      rig->client_modulator.drift_tau_s, DRIFT_CLIENT, 0);
    for (size_t k = 0; k < channels; k++)
        fill_channel(rig, made, k, &made->channel[k]);
    if (make_converters(rig, made, err) != OAC_OK)
        goto destroy;
    oac_bench_break(rig, made);
    *bench = made;
    return OAC_OK;

destroy:
    oac_bench_destroy(made);
    return err->status;
}

void oac_bench_destroy(struct oac_bench *bench)
{
    if (!bench)
        return;
    for (size_t k = 0; bench->channel && k < bench->channels; k++) {
        oac_dac_destroy(bench->channel[k].weight_dac);
        oac_adc_destroy(bench->channel[k].adc);
    }
    oac_dac_destroy(bench->client_dac);
    free(bench->channel);
    free(bench->demux);
    free(bench);
}
