with sessions as (

    select * from {{ ref('stg_landed__therapy_sessions') }}

),

doses as (

    select * from {{ ref('int_doses_numbered') }}

),

treatments as (

    select * from {{ ref('int_treatments_allocated') }}

),

subjects as (

    select * from {{ ref('adsl') }}

),

settings as (

    select * from {{ source('study', 'settings') }}

),

attended as (

    select
        *,
        coalesce(proccur, 'Y') as attendedfl,
        row_number() over (
            partition by usubjid, prtrt
            order by adt nulls last, prstdtc, delivery_rank, srcseq, record
        ) as session_number
    from sessions

),

timed as (

    select
        attended.*,
        treatments.trta,
        {{ days_between('doses.adt', 'attended.adt') }} as days_since_dose,
        {{ minutes_between('doses.dtc', 'attended.prstdtc') }} as minutes_since_dose
    from attended
    left join doses
        on {{ is_last_dose_before('doses', 'attended', 'attended.adt') }}
    left join treatments
        on {{ is_treated_on('treatments', 'attended', 'attended.adt') }}

),

final as (

    select
        timed.studyid,
        timed.usubjid,
        coalesce(subjects.siteid, timed.siteid) as siteid,
        timed.trta,
        timed.prtrt,
        timed.visit,
        timed.therapist,
        'PR' as srcdom,
        timed.delivery_id,
        timed.source_file,
        cast(timed.session_number as integer) as session_number,
        {{ study_day('timed.adt', 'subjects.rfstdt') }} as ady,
        timed.minutes,
        timed.fidelity as fidelity_score,
        timed.days_since_dose,
        cast(cast(timed.minutes_since_dose / 60.0 as decimal(18, 2)) as double) as hours_since_dose,
        timed.srcseq,
        timed.attendedfl,
        case
            when timed.prtrt <> 'INTEGRATION' or timed.attendedfl <> 'Y' then null
            when timed.days_since_dose between settings.integration_from_days and settings.integration_to_days then 'Y'
            else 'N'
        end as integration_window_fl,
        timed.adt
    from timed
    cross join settings
    left join subjects
        on timed.usubjid = subjects.usubjid

)

select * from final
