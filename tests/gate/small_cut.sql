-- A cut of one site and two subjects on which every check passes. Tests put one fault at a time into it.
-- S01-001 (KET): MADRS 30 -> 14 -> 26, a response at W1 that is lost at W2. S01-002 (PBO): 28 -> 24 -> not seen.
create schema landed; create schema curated; create schema published; create schema study; create schema reference;

create table study.settings as select 'TINY' as studyid, 'A tiny study' as title, 'parallel' as design, 'open' as blinding, false as blinded,
    'none' as signoff, date '2026-02-28' as data_cutoff, 'visit' as baseline_rule, 'later' as tie, 1 as integration_from_days, 3 as integration_to_days,
    28 as maintenance_after_day, 40.0::double as infusion_minutes, 'started' as emergent_rule, null::integer as emergent_until_days;
create table study.sites as select 'S01' as siteid, 'Basel' as site_name, 'CHE' as country, 'site' as kind;
create table study.arms as from (values ('KET', 'Ketamine', 'experimental'), ('PBO', 'Saline', 'control')) as t (arm, arm_label, arm_role);
create table study.population as select 'randfl' as variable, '=' as operator, 'Y' as value;
create table study.visits as from (values
    ('BL', 1.0, 'Baseline', 1, -1, 1, true, false), ('W1', 2.0, 'Week 1', 8, 5, 11, false, false), ('W2', 3.0, 'Week 2', 15, 12, 18, false, false)
) as t (visit, visitnum, visit_label, target_day, window_from_day, window_to_day, is_baseline, of_period);
create table study.version_visits as select '1' as version, *, true as is_planned from study.visits;
create table study.instruments as select 'MADRS' as paramcd, 'items' as analysed_total;
create table study.instrument_visits as select 'MADRS' as paramcd, visit from study.visits;
create table study.endpoints as select 'primary' as endpoint, 'MADRS' as paramcd, 50.0::double as min_reduction_pct, null::double as min_reduction_points,
    null::double as response_max_score, false as response_strict, false as has_further,
    'MADRS reduction from baseline >= 50 %' as response_crit, '9.1' as response_section, 10.0::double as remission_max_score,
    false as remission_strict, 'MADRS <= 10' as remission_crit, '9.2' as remission_section;
create table study.response_conditions as select 'primary' as endpoint, 'MADRS' as paramcd, 1 as condition_number, 'MADRS' as further_paramcd,
    null::double as further_min_score, 14.0::double as further_max_score, false as further_strict where false;
create table study.estimands as select 'treatment_policy' as estimand, 'treatment_policy' as strategy;
create table study.estimand_events as select null::varchar as estimand, null::varchar as event where false;
create table study.missing_rules as from (values ('observed', 'observed', false, false), ('nri', 'nri', false, false), ('worst', 'worst_case', false, false))
    as t (missing_rule, method, carries_baseline, carries_unscheduled);
create table study.durability as select 'TTLOSS' as paramcd, 'Time to loss of response' as param, 'primary' as endpoint, 'response' as start,
    'first_visit' as start_at, 1 as start_assessments, null::varchar as start_estimand, null::integer as maintenance_window_days,
    null::varchar as maintenance_category, null::double as relapse_min_score, null::boolean as relapse_strict, true as loss_of_response, false as loss_confirmed, '9.5' as section;
create table study.onset as select 'TTRESP' as paramcd, 'primary' as of_endpoint, 'response' as measure, 'treatment_policy' as of_estimand;
create table study.sustained as select 'SUSRESP' as paramcd, 'primary' as endpoint, 'response' as measure, 'treatment_policy' as estimand,
    'nri' as missing_rule, null::varchar as unless, 0 as allowed_misses;
create table study.sustained_visits as select 'SUSRESP' as paramcd, visit, false as may_be_missed from (values ('W1'), ('W2')) as t (visit);
create table study.durability_landmarks as select 'TTLOSS' as paramcd, 'DAY 7' as landmark, 7 as landmark_days, null::varchar as visit;
create table study.response_areas as select 'primary' as endpoint, 'W2' as visit, 'observed' as missing_rule, '9.6' as section;
create table study.therapy_planned as from (values ('PREPARATION', 1), ('DOSING', 1), ('INTEGRATION', 1)) as t (prtrt, planned_sessions);
create table study.biomarkers as select 'CRP' as lbtestcd, 'C-reactive protein' as label, 'mg/L' as unit, 0.3::double as lower_limit,
    'half_limit' as below_limit, null::double as upper_limit, 'as_reported' as above_limit;
create table study.biomarker_units as from (values ('CRP', 'mg/L', 1.0::double), ('CRP', 'mg/dL', 10.0::double)) as t (lbtestcd, from_unit, factor);
create table study.vital_signs as select 'SYSBP' as vstestcd, 'Systolic blood pressure' as label, 'mmHg' as unit, 180.0::double as alert_above,
    70.0::double as alert_below, 40.0::double as alert_rise, 40.0::double as alert_fall, true as alert_strict;
create table study.special_interest as select 'DISSOCIATION' as aesi, 'DISSOCIATION' as term;
create table study.session_peaks_sought as select 'SYSBP' as paramcd, 'highest' as worst, 175.0::double as peak_limit, true as peak_strict;
create table study.score_alerts as select 'SUICIDAL IDEATION' as alert, 'CSSRS05' as qstestcd, 1.0::double as at_least;
create table study.metrics as select metric, '1' as metric_version, metric as label, 'In words.' as definition, 'A test.' as method, '%' as unit,
    'subjects' as n_unit, judged_by, direction, '' as section, 1000 as parameter, 2 as min_n, 100.0::double as per, amber as threshold_amber, red as threshold_red,
    null::double as tolerated_value from (values ('discontinuation', 'score', 'high', 2.0::double, 3.0::double), ('ae_rate', 'p_value', 'both', 0.05, 0.01)) as t (metric, judged_by, direction, amber, red);
create table study.declared_tests as select null::varchar as domain, null::varchar as testcd;
create table study.limits as select 5.0::double as quarantine_limit_pct;
create table study.instrument_rules as select 'MADRS' as paramcd, 'MADRS' as param, 10 as items_expected, 0 as total_min, 60 as total_max, 0 as items_missing_allowed, 'none' as prorate;
create table study.blinding_assessments as select null::varchar as qstestcd, null::varchar as certainty_testcd where false;
create table study.instrument_codes as
    select case when i = 0 then 'MADRSTOT' else format('MADRS{:02d}', i) end as qstestcd, qstestcd as item_testcd, 'MADRS' as paramcd, 0 as item_min, case when i = 0 then 60 else 6 end as item_max,
        i = 0 as is_total, false as is_derived, i > 0 as is_whole, false as is_yes_no from range(11) as t (i);
create table study.instrument_categories as select 'MADRS' as qscat, 'MADRS' as paramcd;
create table study.instrument_bands as from (values ('MADRS', 'Normal to mild', 0, 20), ('MADRS', 'Moderate or severe', 20, null)) as t (paramcd, band, band_from, band_below);

create macro delivery() as repeat('a', 64);
create table landed.deliveries as select 'S01' as siteid, 'all_2026-02-20.csv' as file, delivery() as delivery_id, 'k1' as landing_key, date '2026-02-20' as delivered_on,
    'accepted' as outcome, 100::bigint as rows_in, 99::bigint as rows_accepted, 1::bigint as rows_quarantined, null::bigint as rows_refused, true as current, 1 as rank;
create table landed.quarantine as select delivery() as _delivery_id, 'all_2026-02-20.csv' as _source_file, 100::bigint as _source_row,
    'age' as column_name, 'Q_RANGE' as code, 'The value lies outside the allowed range.' as reason;
create macro landed(subject, row) as struct_pack(studyid := 'TINY', siteid := 'S01', usubjid := subject, _delivery_id := delivery(),
    _source_file := 'all_2026-02-20.csv', _source_row := row::bigint, _record := 1::integer);
create table landed.dm as select unnest(landed('S01-' || s, row)), sex, 40::bigint as age, 'MDD' as dx, '2026-01-02' as rficdtc,
    null::varchar as rfstdtc, null::varchar as rfendtc, null::varchar as dthdtc from (values ('001', 1, 'F'), ('002', 2, 'M')) as t (s, row, sex);
create table landed.ds as select unnest(landed('S01-' || s, row)), null::varchar as dsterm, code as dsdecod, null::varchar as dscat,
    null::bigint as dsseq, null::bigint as period, day as dsstdtc
    from (values ('001', 3, 'RANDOMIZED', '2026-01-09'), ('002', 4, 'RANDOMIZED', '2026-01-09'), ('002', 5, 'WITHDRAWAL BY SUBJECT', '2026-01-20')) as t (s, row, code, day);
create table landed.ex as select unnest(landed('S01-' || s, row)), 'BL' as visit, 'INITIAL' as excat, 1::bigint as exseq, null::bigint as period,
    '2026-01-10' as exstdtc, null::varchar as exendtc from (values ('001', 6), ('002', 7)) as t (s, row);
create table landed.qs as select unnest(landed('S01-' || s, row)), 'MADRS' as qscat, test as qstestcd, visit, null::varchar as qsorres, null::varchar as qsstat, null::varchar as qstpt,
    null::bigint as period, score::double as qsstresn, day as qsdtc
    from (select '001', 10, format('MADRS{:02d}', i), 'BL', 3, '2026-01-10' from range(1, 11) as r (i) union all values
        ('001', 10, 'MADRSTOT', 'BL', 30, '2026-01-10'), ('001', 11, 'MADRSTOT', 'W1', 14, '2026-01-17'), ('001', 12, 'MADRSTOT', 'W2', 26, '2026-01-24'),
        ('002', 13, 'MADRSTOT', 'BL', 28, '2026-01-10'), ('002', 14, 'MADRSTOT', 'W1', 24, '2026-01-17')) as t (s, row, test, visit, score, day);
create table landed.vs as select unnest(landed('S01-001', row)), 'SYSBP' as vstestcd, 'mmHg' as vsstresu, 'BL' as visit, tpt as vstpt, null::varchar as vspos,
    value::double as vsstresn, '2026-01-10' as vsdtc from (values (20, 'PRE-DOSE', 120), (21, '40 MIN', 150)) as t (row, tpt, value);
create table landed.lb as select unnest(landed('S01-001', row)), 'CRP' as lbtestcd, unit as lbstresu, visit, null::varchar as lbtpt, value::double as lbstresn,
    day as lbdtc from (values (30, 'mg/dL', 'BL', 0.4, '2026-01-10'), (31, 'mg/L', 'W1', 2.0, '2026-01-17')) as t (row, unit, visit, value, day);
create table landed.ae as select unnest(landed('S01-001', 40)), 'Headache' as aeterm, 'Headache' as aedecod, 'MILD' as aesev, 'N' as aeser,
    '2026-01-10' as aestdtc, '2026-01-11' as aeendtc;
create table landed.pr as select unnest(landed('S01-001', row)), kind as prtrt, 'Y' as proccur, visit, 60.0::double as minutes, day as prstdtc
    from (values (50, 'PREPARATION', null, '2026-01-05'), (51, 'DOSING', 'BL', '2026-01-10'), (52, 'INTEGRATION', null, '2026-01-12')) as t (row, kind, visit, day);
create table landed.ce as select unnest(landed('S01-001', 60)), 'Other relapse' as ceterm, 'OTHER RELAPSE EVENT' as cedecod, '2026-01-30' as cestdtc, null::varchar as ceendtc;

create macro mart(subject, arm) as struct_pack(studyid := 'TINY', usubjid := subject, siteid := 'S01', trta := arm);
create macro origin(domain, row) as struct_pack(srcdom := domain::varchar, delivery_id := case when domain is null then null else delivery() end,
    source_file := case when domain is null then null else 'all_2026-02-20.csv' end, srcseq := row::bigint);
create table curated.adsl as select unnest(mart('S01-' || s, arm)), unnest(origin('DM', row)), 'CHE' as country, 'MDD' as dx, '1' as protocol_version, arm as trt01p, arm as trt01a,
    null::varchar as trtseqp, status as eosstt, reason as dcsreas, 40 as age, 1 as doses, 'Y' as enrlfl, 'Y' as randfl, 'Y' as saffl, 'Y' as analysfl,
    date '2026-01-02' as icdt, date '2026-01-10' as rfstdt, date '2026-01-09' as randdt, date '2026-01-10' as trtsdt, date '2026-01-10' as trtedt, ended::date as eosdt,
    null::varchar as treatment_unblinded_reason, null::varchar as treatment_unblinded_fl, null::date as treatment_unblinded_date
    from (values ('001', 'KET', 1, 'ONGOING', null, null), ('002', 'PBO', 2, 'DISCONTINUED', 'WITHDRAWAL BY SUBJECT', '2026-01-20')) as t (s, arm, row, status, reason, ended);
create table curated.adqs as select unnest(mart('S01-' || s, arm)), unnest(origin('QS', row)), 'MADRS' as paramcd, visit as avisit, null::varchar as atpt,
    null::varchar as qualifiers, null::varchar as basetype, case when score < 20 then 'Normal to mild' else 'Moderate or severe' end as avalcat1, null::varchar as dtype, source as total_source, null::varchar as missing_reason, 1 as aperiod, number as avisitn, ady, score::double as aval,
    base::double as base, chg::double as chg, 100.0::double * chg / base as pchg, items as items_answered, 10 as items_expected, item_sum::double as item_sum,
    score::double as collected_total, items + 1 as source_rows, ablfl, 'Y' as anl01fl, null::varchar as adtf, date '2026-01-09' + ady as adt
    from (values ('001', 'KET', 10, 'BL', 1.0, 1, 30, 30, null, 'items', 10, 30, 'Y'), ('001', 'KET', 11, 'W1', 2.0, 8, 14, 30, -16, 'collected', 0, null, null),
        ('001', 'KET', 12, 'W2', 3.0, 15, 26, 30, -4, 'collected', 0, null, null), ('002', 'PBO', 13, 'BL', 1.0, 1, 28, 28, null, 'collected', 0, null, 'Y'),
        ('002', 'PBO', 14, 'W1', 2.0, 8, 24, 28, -4, 'collected', 0, null, null)
    ) as t (s, arm, row, visit, number, ady, score, base, chg, source, items, item_sum, ablfl);
create table curated.response as select unnest(mart('S01-' || s, arm)), unnest(origin(domain, row)), 'primary' as endpoint, 'MADRS' as paramcd, visit as avisit,
    'treatment_policy' as estimand, missing_rule, 'MADRS reduction from baseline >= 50 %' as crit1,
    case when missing_rule = 'nri' and score is null then 'NRI' when missing_rule = 'worst' and score is null then 'WC' end as dtype,
    case when score is not null then visit end as srcvisit, 1 as aperiod, ady, score::double as aval, base::double as base,
    score::double - base as chg, case when score is null and missing_rule = 'nri' then 'N' when score is null and missing_rule = 'worst' then 'Y' else met end as crit1fl, 'Y' as anl01fl, date '2026-01-09' + ady as adt
    from (values ('001', 'KET', 'QS', 11, 'W1', 8, 14, 30, 'Y'), ('001', 'KET', 'QS', 12, 'W2', 15, 26, 30, 'N'),
        ('002', 'PBO', 'QS', 14, 'W1', 8, 24, 28, 'N'), ('002', 'PBO', null, null, 'W2', null, null, 28, null)
    ) as t (s, arm, domain, row, visit, ady, score, base, met), study.missing_rules;
create table curated.remission as select * replace ('MADRS <= 10' as crit1, case when dtype = 'WC' then 'Y' when crit1fl is not null then 'N' end as crit1fl) from curated.response;
create table curated.durability as select unnest(mart('S01-001', 'KET')), unnest(origin('QS', 12)), 'primary' as endpoint, 'TTLOSS' as paramcd,
    'Time to loss of response' as param, 'DAYS' as avalu, 'LOSS OF RESPONSE' as evntdesc, null::varchar as cnsdtdsc, 1 as aperiod, 8.0::double as aval,
    1.0::double as lower_days, 8.0::double as upper_days, 8 as startdy, 15 as ady, 0 as cnsr, date '2026-01-17' as startdt, date '2026-01-24' as adt;
create table curated.onset as select unnest(mart('S01-' || s, arm)), unnest(origin('QS', row)), 'primary' as endpoint, 'TTRESP' as paramcd, 'Time to response' as param,
    'treatment_policy' as estimand, 'DAYS' as avalu, event as evntdesc, reason as cnsdtdsc, 'first response by day 8' as crit1, 'kept to visit W2' as crit2, 'W1' as avisit,
    1 as aperiod, 8.0::double as aval, lower::double as lower_days, case when cnsr = 0 then 8.0::double end as upper_days, null::double as hours_since_dose,
    null::integer as excursions, 8 as ady, cnsr, rapid as crit1fl, 'N' as crit2fl, date '2026-01-10' as startdt, date '2026-01-17' as adt
    from (values ('001', 'KET', 11, 'RESPONSE', null, 1, 0, 'Y'), ('002', 'PBO', 14, null, 'WITHDRAWAL', 8, 1, 'N')) as t (s, arm, row, event, reason, lower, cnsr, rapid);
create table curated.sustained as select unnest(mart('S01-' || s, arm)), unnest(origin('QS', row)), 'primary' as endpoint, 'SUSRESP' as paramcd, 'Sustained' as param,
    'treatment_policy' as estimand, 'nri' as missing_rule, 'response at W1, W2' as crit1, 'NOT MET AT ' || visit as reason, visit as avisit, 1 as aperiod, number as avisitn,
    ady, 2 as visits_asked, met as visits_met, 2 - met as visits_missed, 0 as visits_unknown, 'N' as crit1fl, date '2026-01-09' + ady as adt
    from (values ('001', 'KET', 12, 'W2', 3.0, 15, 1), ('002', 'PBO', 14, 'W1', 2.0, 8, 0)) as t (s, arm, row, visit, number, ady, met);
create table curated.durability_intervals as select * exclude (evntdesc, cnsdtdsc, avalu, aval, lower_days, upper_days, startdy, ady, cnsr, adt),
    1 as interval_number, 0 as tstart, 8 as tstop, 1 as event, 1 as doses, 7 as days_since_dose, null::varchar as maintfl from curated.durability;
create table curated.retention as select * exclude (evntdesc, cnsdtdsc, avalu, lower_days, upper_days, startdy, ady), 'DAY 7' as landmark,
    null::varchar as missing_reason, 7 as landmark_days, 'Y' as retainfl from curated.durability;
create table curated.response_episodes as select unnest(mart('S01-001', 'KET')), unnest(origin('QS', 12)), 'primary' as endpoint, 'MADRS' as paramcd,
    'LOSS OF RESPONSE' as evntdesc, null::varchar as cnsdtdsc, 1 as aperiod, 1 as episode, 8 as astdy, 15 as aendy, 8.0::double as aval, 1.0::double as lower_days,
    8.0::double as upper_days, 30.0::double as base, -100.0::double * 16 / 30 as lowest_pchg, 1 as assessments, 0 as doses, 7 as days_since_dose,
    null::integer as days_to_next, 0 as cnsr, 'N' as redosedfl, date '2026-01-17' as astdt, date '2026-01-24' as aendt;
create table curated.response_auc as select unnest(mart('S01-' || s, arm)), unnest(origin('QS', row)), 'primary' as endpoint, 'MADRS' as paramcd, 'W2' as avisit,
    'observed' as missing_rule, null::varchar as dtype, reason as missing_reason, 1 as aperiod, 14 as days, mean::double as aval, mean::double * 14 as area_percent_days,
    base::double as base, number as assessments
    from (values ('001', 'KET', 12, null, 30, 30, 2), ('002', 'PBO', 14, 'NOT ASSESSED AT THE VISIT', null, 28, 1)) as t (s, arm, row, reason, mean, base, number);
create table curated.therapy as select unnest(mart('S01-001', 'KET')), unnest(origin('PR', row)), kind as prtrt, visit, row - 49 as session_number, ady,
    60.0::double as minutes, since as days_since_dose, 'Y' as attendedfl, case when kind = 'INTEGRATION' then 'Y' end as integration_window_fl, day::date as adt
    from (values (50, 'PREPARATION', null, -5, null, '2026-01-05'), (51, 'DOSING', 'BL', 1, 0, '2026-01-10'), (52, 'INTEGRATION', null, 3, 2, '2026-01-12')) as t (row, kind, visit, ady, since, day);
create table curated.therapy_summary as select unnest(mart('S01-' || s, arm)), unnest(origin(domain, row)), kind as prtrt, 1 as planned_sessions, held as sessions_recorded,
    held as sessions_attended, 100.0::double * held as planned_attended_pct, 60.0::double * held as minutes from (values ('001', 'KET', 'PR', 50, 'PREPARATION', 1),
        ('001', 'KET', 'PR', 51, 'DOSING', 1), ('001', 'KET', 'PR', 52, 'INTEGRATION', 1), ('002', 'PBO', null, null, 'PREPARATION', 0),
        ('002', 'PBO', null, null, 'DOSING', 0), ('002', 'PBO', null, null, 'INTEGRATION', 0)) as t (s, arm, domain, row, kind, held);
create table curated.session_peaks as select unnest(mart('S01-001', 'KET')), unnest(origin('VS', 21)), 'SYSBP' as paramcd, 'BL' as avisit, '40 MIN' as atpt,
    1 as dose_number, 150.0::double as aval, 120.0::double as base, 30.0::double as chg, 'N' as crit1fl, date '2026-01-10' as adt;
create table curated.safety_alerts as select unnest(mart('S01-001', 'KET')), unnest(origin('QS', 11)), 'SUICIDAL IDEATION' as alert, 'CSSRS05 >= 1' as rule, 'CSSRS05' as term,
    'BL' as avisit, 1.0::double as aval, 'N' as after_first_dose_fl, date '2026-01-09' as adt;
create table curated.blinding_assessment as select unnest(mart('S01-' || s, arm)), unnest(origin('QS', row)), 'GUESS' as paramcd, 'W2' as avisit, null::varchar as atpt,
    null::varchar as qualifiers, 'GUESS' as kind, 'KET' as guess, case when arm = 'KET' then 'Y' else 'N' end as correctfl from (values ('001', 'KET', 12), ('002', 'PBO', 14)) as t (s, arm, row);
create table curated.exposure as select unnest(mart('S01-' || s, arm)), unnest(origin('EX', row)), 'KETAMINE' as extrt, 'INITIAL' as excat, 'BL' as visit, 1 as aperiod,
    1 as dose_number, 1 as ady, 35.0::double as dose_mg, 70.0::double as weight_kg, 0.5::double as dose_mg_per_kg, null::integer as days_since_previous_dose,
    'INITIAL' as phase, 'N' as dose_deviation_fl, 'N' as stopped_early_fl, date '2026-01-10' as weight_date,
    date '2026-01-10' as adt from (values ('001', 'KET', 6), ('002', 'PBO', 7)) as t (s, arm, row);
create table curated.biomarkers as select unnest(mart('S01-001', 'KET')), unnest(origin('LB', row)), 'CRP' as paramcd, visit as avisit, null::varchar as atpt, null::varchar as qualifiers, null::varchar as basetype, 'mg/L' as avalu, 1 as aperiod,
    ady, value::double as aval, 4.0::double as base, value::double - 4 as chg, value::double / 4 as ratio_to_base,
    100 * (value::double - 4) / 4 as pchg, null::varchar as dtype, 'N' as blqfl, 'N' as alqfl, ablfl, 'Y' as anl01fl, null::varchar as adtf, day::date as adt
    from (values (30, 'BL', 1, 4, 'Y', '2026-01-10'), (31, 'W1', 8, 2, null, '2026-01-17')) as t (row, visit, ady, value, ablfl, day);
create table curated.advs as select unnest(mart('S01-001', 'KET')), unnest(origin('VS', row)), 'SYSBP' as paramcd, 'BL' as avisit, tpt as atpt, null::varchar as qualifiers, null::varchar as basetype, null::varchar as dtype, 'mmHg' as avalu, 1 as aperiod, 1 as ady,
    value::double as aval, 120.0::double as base, value::double - 120 as chg, 'N' as alertfl, 'N' as change_alertfl, case when tpt = '40 MIN' then 40 end as minutes_since_dose, 'Y' as anl01fl, null::varchar as adtf, date '2026-01-10' as adt
    from (values (20, 'PRE-DOSE', 120), (21, '40 MIN', 150)) as t (row, tpt, value);
create table curated.adae as select unnest(mart('S01-001', 'KET')), unnest(origin('AE', 40)), 'Headache' as aeterm, 'Headache' as aedecod, 'MILD' as aesev, 'N' as aeser,
    '2026-01-10' as astdtc, '2026-01-11' as aendtc, 1 as astdy, 2 as aendy, 0 as days_since_dose, 1 as dose_number, null::varchar as aesi,
    'STARTED' as emergent_reason, 'Y' as trtemfl, null::varchar as astdtf, null::varchar as aendtf, date '2026-01-10' as astdt, date '2026-01-11' as aendt;
create table curated.deliveries as select siteid, file, outcome, null::varchar as codes, delivery_id, rows_in, rows_accepted, rows_quarantined, current as is_current, delivered_on from landed.deliveries;
create table curated.quarantine as select 'S01' as siteid, _source_file as source_file, column_name, code, reason, _delivery_id as delivery_id, _source_row as source_row from landed.quarantine;
create table curated.record_changes as select 'TINY' as studyid, 'S01' as siteid, 'S01-001' as usubjid, 'QS' as domain, 'MADRSTOT | W1 | 2026-01-17' as record_key,
    'qsstresn' as variable, 'changed' as change, '15' as old_value, '14' as new_value, date '2026-02-20' as seen_on, delivery() as old_delivery_id,
    'all_2026-01-20.csv' as old_source_file, 11::bigint as old_source_row, delivery() as new_delivery_id, 'all_2026-02-20.csv' as new_source_file, 11::bigint as new_source_row;
create table curated.site_metrics as select 'TINY' as studyid, 'S01' as siteid, metric, metric_version, label, definition, method, unit, n_unit, judged_by, direction, section,
    null::varchar as flag_reason, 2::bigint as n, 1.0::double as numerator, 2.0::double as denominator, 50.0::double as value, 50.0::double as expected, 0.0::double as score,
    case metric when 'ae_rate' then 0.5::double end as p_value, min_n, threshold_amber, threshold_red, tolerated_value, 'GREEN' as flag from study.metrics;
