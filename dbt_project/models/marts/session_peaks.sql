with measurements as (

    select * from {{ ref('int_session_measurements_found') }}

),

sought as (

    select * from {{ source('study', 'session_peaks_sought') }}

),

signs as (

    select * from {{ source('study', 'vital_signs') }}

),

-- A vital sign that is not named among the peaks has its highest value, and its alert limit.
ruled as (

    select
        measurements.*,
        coalesce(sought.worst, 'highest') as worst,
        coalesce(sought.peak_limit, signs.alert_above) as peak_limit,
        case when sought.peak_limit is not null then sought.peak_strict else signs.alert_strict end as peak_strict,
        coalesce(sought.peak_crit, signs.above_crit) as crit1
    from measurements
    left join sought
        on measurements.paramcd = sought.paramcd
    left join signs
        on measurements.paramcd = signs.vstestcd

),

ranked as (

    select
        *,
        count(*) over (partition by usubjid, dose_number, paramcd, is_before_dose) as measurements,
        row_number() over (
            partition by usubjid, dose_number, paramcd, is_before_dose
            order by
                case when worst = 'lowest' then aval else -aval end,
                minutes_since_dose nulls last,
                atpt nulls last,
                delivery_id,
                source_file,
                srcseq
        ) as worst_candidate,
        row_number() over (
            partition by usubjid, dose_number, paramcd, is_before_dose
            order by minutes_since_dose desc nulls first, delivery_id desc, source_file desc, srcseq desc
        ) as last_candidate
    from ruled

),

final as (

    select
        peaks.studyid,
        peaks.usubjid,
        peaks.siteid,
        peaks.trta,
        peaks.paramcd,
        peaks.param,
        peaks.avisit,
        peaks.atpt,
        peaks.avalu,
        peaks.crit1,
        peaks.srcdom,
        peaks.delivery_id,
        peaks.source_file,
        cast(peaks.dose_number as integer) as dose_number,
        peaks.aval,
        predose.aval as base,
        peaks.aval - predose.aval as chg,
        cast(peaks.measurements as integer) as measurements,
        peaks.minutes_since_dose,
        peaks.srcseq,
        case
            when peaks.worst = 'lowest' then {{ flag(is_below('peaks.aval', 'peaks.peak_limit', 'peaks.peak_strict')) }}
            else {{ flag(is_above('peaks.aval', 'peaks.peak_limit', 'peaks.peak_strict')) }}
        end as crit1fl,
        peaks.adt
    from ranked as peaks
    left join ranked as predose
        on
            peaks.usubjid = predose.usubjid
            and peaks.dose_number = predose.dose_number
            and peaks.paramcd = predose.paramcd
            and predose.is_before_dose
            and predose.last_candidate = 1
    where not peaks.is_before_dose and peaks.worst_candidate = 1

)

select * from final
