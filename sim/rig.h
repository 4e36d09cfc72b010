/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A bench as one plain struct: the parameters of every component, as the rig file states them (dB and
 * all). sim/rig_table.c is the table that names, bounds and explains each; docs/rig-reference.md is
 * generated from it. `none` in a file becomes the value that switches the effect off. */
#ifndef OAC_SIM_RIG_H
#define OAC_SIM_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/status.h"

struct oac_rig_modulator {
    double vpi_v;
    double bias_v; /* V_peak: voltage of maximum transmission */
    double er_db;  /* none: +inf */
    double il_db;
    double bandwidth_hz; /* one pole on the drive voltage; none: +inf */
    char
        s21_file[OAC_CONFIG_TEXT_BYTES]; /* Touchstone; replaces the pole in `wave`; "": none */
    bool s21_peaking;                    /* |S21| above its low-frequency value is meant */
    double chirp;         /* common phase per half phase difference of the arms; 0: push-pull */
    double drive_noise_v; /* rms voltage noise beside the DAC's, per slot */
    bool dual_output;     /* weight only: the complementary output is used too */
    bool
        vpi_tracks_wavelength; /* client only: V_pi proportional to each channel's wavelength */
    double vpi_spread;         /* hidden, relative, per modulator (bench_seed) */
    double er_spread_db;       /* hidden, of the extinction ratio */
    double bias_spread_v;      /* hidden, of V_peak */
    double drift_sigma_v, drift_tau_s; /* bias drift: Ornstein-Uhlenbeck */
};

struct oac_rig_dac {
    int64_t bits;
    double enob_bits;    /* none: +inf (noiseless beyond its steps) */
    double full_scale_v; /* peak to peak, codes 0 .. 2^bits-1 */
    double min_v;        /* voltage of code 0 */
    double inl_lsb;      /* amplitude of the fixed bow + ripple, hidden shape from bench_seed */
    double dnl_lsb;      /* rms of the fixed code-to-code error */
    double bandwidth_hz; /* one pole behind the hold; none: +inf (wave) */
    double jitter_s;     /* rms of each edge (wave) */
    double coupling_hz;  /* corner of the high-pass behind it; none: 0, DC-coupled (wave) */
    int64_t samples_per_slot; /* conversions per slot (wave) */
};

enum oac_amplifier_position {
    OAC_AMPLIFIER_NONE,
    OAC_AMPLIFIER_BEFORE_CLIENT,
    OAC_AMPLIFIER_AFTER_CLIENT
};
enum oac_passband { OAC_PASSBAND_GAUSSIAN, OAC_PASSBAND_FLAT, OAC_PASSBAND_LORENTZIAN };
enum oac_detector_kind { OAC_DETECTOR_PIN, OAC_DETECTOR_APD, OAC_DETECTOR_COUNTING };
enum oac_spread { OAC_SPREAD_NORMAL, OAC_SPREAD_UNIFORM };
enum oac_receiver_kind { OAC_RECEIVER_INTEGRATOR, OAC_RECEIVER_TIA, OAC_RECEIVER_COUNTER };

struct oac_rig {
    char name[OAC_CONFIG_TEXT_BYTES], description[OAC_CONFIG_TEXT_BYTES];
    int64_t channels;
    double slot_rate_hz;
    double temperature_k;
    int64_t guard_slots, preamble_slots, slots_max;
    int64_t bench_seed;
    int spread; /* enum oac_spread: hidden values are normal, a spread is sigma; or uniform, half width */

    struct { /* the waveform engine's grid */
        int64_t samples_per_slot;
    } wave;

    struct {             /* light on a subcarrier: docs/modem.md */
        int64_t periods; /* of the chopping in a slot; 0: intensity as it is */
        double
            carrier_hz; /* ports of I and Q: what outputs mix up with, inputs down with its double; none: 0 */
        double phase_rad; /* hidden, of the inputs' mixer */
    } subcarrier;

    struct {           /* what a bench's clocks do: hidden; the modem finds them out */
        double skew_s; /* client's data after the weights */
        double adc_delay_s,
            adc_delay_spread_s; /* light to ADC sample, and hidden sigma over channels (wave) */
    } timing;

    struct {
        double power_dbm;       /* per channel, before the weight modulator */
        double power_max_dbm;   /* what a launch setting may ask for */
        double power_spread_db; /* hidden, sigma over channels */
        double center_hz, grid_hz;
        bool shared;          /* one comb: intensity noise common to all channels */
        double rin_db_per_hz; /* one-sided; none: -inf */
        double rin_corner_hz; /* S(f) = rin (1 + corner/f) above rin_min_hz; none: 0 */
        double rin_min_hz;
        double linewidth_hz;             /* Lorentzian FWHM (wave) */
        double drift_sigma, drift_tau_s; /* relative power drift per line */
    } laser;

    struct oac_rig_dac weight_dac;
    struct oac_rig_modulator weight_modulator;

    struct {
        double length_m, loss_db_per_km;
        double attenuator_db;       /* lumped, connectors and the lab's attenuator */
        double dispersion_ps_nm_km; /* at center_hz */
        double slope_ps_nm2_km;
        bool precompensate; /* server-side pre-delay set to the nominal walk-off at open */
        double group_index;
        double gamma_per_w_km;  /* Kerr coefficient (wave); 0: linear */
        double pmd_ps_rtkm;     /* polarisation mode dispersion (wave) */
        int64_t steps_per_span; /* of the split-step method, when gamma is not 0 */
    } fiber;

    struct {
        int position; /* enum oac_amplifier_position */
        double gain_db, nf_db;
        double bandwidth_hz;   /* optical filter in front of each detector, noise bandwidth */
        int64_t polarisations; /* of ASE at the detector: 1 or 2 */
        int64_t spans; /* before_client: the fiber in so many equal spans, each amplified */
    } amplifier;

    struct oac_rig_dac client_dac;
    struct oac_rig_modulator client_modulator;

    struct {
        double il_db;
        double adjacent_db, nonadjacent_db; /* crosstalk, positive; none: +inf */
        double crosstalk_spread_db;         /* hidden, of each pair of channels */
        double passband_hz;                 /* full width at half maximum (wave); none: +inf */
        int passband_shape;                 /* enum oac_passband */
        double detuning_hz;                 /* of every channel's passband from its line */
    } demux;

    struct {
        int kind;                    /* enum oac_detector_kind */
        double quantum_efficiency;   /* 0..1; responsivity is eta q/(h nu) */
        double dark_a;               /* bulk dark current, multiplied by the gain */
        double surface_dark_a;       /* not multiplied */
        double dark_counts_hz;       /* counting */
        double dead_time_s;          /* counting, non-paralysable */
        double gain, excess_noise;   /* APD: M and F(M); 1 and 1 otherwise */
        bool pair;                   /* balanced pair per channel */
        double pair_mismatch;        /* relative difference of the pair's gains */
        double pair_mismatch_spread; /* hidden, sigma over channels of that difference */
        double bandwidth_hz;         /* one pole; none: +inf (wave) */
        double saturation_a;         /* largest photocurrent before gain; none: +inf (wave) */
        double gain_spread_db;       /* hidden, sigma over channels of electrical gain */
        double drift_sigma, drift_tau_s; /* relative gain drift per channel */
    } detector;

    struct {
        int kind; /* enum oac_receiver_kind */
        double capacitance_f, read_noise_v;
        bool cds;                           /* correlated double sampling */
        double saturation_v;                /* none: +inf */
        double in_a_per_rthz, gain_v_per_a; /* TIA */
        double bandwidth_hz;                /* TIA, one pole; none: +inf (wave) */
        double droop_per_s;                 /* leak of an integrator's charge (wave) */
    } receiver;

    struct {
        int64_t bits;
        double enob_bits;    /* none: +inf */
        double full_scale_v; /* peak to peak; a counter's full scale is 2^bits counts */
        double min_v;
        double inl_lsb, dnl_lsb;
        double offset_spread_v;   /* hidden, sigma over channels */
        double jitter_s;          /* rms aperture jitter (wave) */
        double coupling_hz;       /* corner of the high-pass before it; none: 0 (wave) */
        int64_t samples_per_slot; /* conversions of a sampled receiver */
    } adc;

    struct { /* what is broken; lists of channels */
        struct oac_config_reals dead_detectors, saturated_detectors, stuck_modulators,
            dark_lasers;
        double stuck_at; /* transmission of a stuck modulator, relative to its peak */
        struct oac_config_reals swapped; /* pairs whose detectors are swapped: 2, 3 */
        bool no_light;                   /* the fiber is cut */
    } fault;

    struct { /* the lab bench that this rig is the twin of; simulators read none of it */
        char uri[OAC_CONFIG_TEXT_BYTES];
        char board
            [OAC_CONFIG_TEXT_BYTES]; /* profile: driver/board.h; several: driver/bench_boards.h */
        char weight_ports[OAC_CONFIG_TEXT_BYTES], client_port[OAC_CONFIG_TEXT_BYTES],
            readout_ports
                [OAC_CONFIG_TEXT_BYTES]; /* names of its ports, comma between channels */
    } iio;

    struct { /* electrical energy, for reports only */
        double modulator_j, dac_j, adc_j, integrator_j,
            nonlinearity_j; /* per symbol / conversion / readout */
        double server_modulator_j;
        double laser_wallplug_efficiency;
    } energy;
};

extern const struct oac_config_table oac_rig_table;

/* Reads `name_or_path`: a file, or the name of a shipped rig (experiments/rigs). Files named in it are
 * looked for beside it, and named with their whole path from then on. Applies `sets`
 * ("path=value", set_count of them), then checks what single ranges cannot see (oac_rig_check). *text_out
 * (may be NULL) receives the complete rig as YAML, every key resolved: provenance. Warnings go to nobody
 * here: see oac_rig_warnings. */
enum oac_status oac_rig_read(const char *name_or_path, const char *const *sets,
                             size_t set_count, struct oac_rig *rig, char **text_out,
                             struct oac_err *err) OAC_MUST_USE;

/* Calls each(context, name, path) for every shipped rig, sorted by name. */
enum oac_status oac_rig_list(void (*each)(void *context, const char *name, const char *path),
                             void *context, struct oac_err *err) OAC_MUST_USE;

/* Relations between keys: DAC travel against V_pi, ADC range against the integrator, counting detector with
 * a counter, channels on the grid, pairs with dual outputs. */
enum oac_status oac_rig_check(const struct oac_rig *rig, struct oac_err *err) OAC_MUST_USE;

/* Things that are legal and probably not meant, one line each through `say` (for example slots too short
 * for a modulator's bandwidth, residual walk-off of more than a tenth of a slot, dead time against slot). */
void oac_rig_warnings(const struct oac_rig *rig, void (*say)(void *context, const char *line),
                      void *context);

#endif
