with events as (

    select * from {{ ref('int_adverse_events_judged') }}

),

doses as (

    select * from {{ ref('int_doses_numbered') }}

),

treatments as (

    select * from {{ ref('int_treatments_allocated') }}

),

special_interest as (

    select * from {{ source('study', 'special_interest') }}

),

timed as (

    select
        events.*,
        treatments.trta,
        special_interest.aesi,
        doses.dose_number,
        {{ days_between('doses.adt', 'events.astdt') }} as days_since_dose
    from events
    left join doses
        on {{ is_last_dose_before('doses', 'events', 'events.astdt') }}
    left join treatments
        on {{ is_treated_on('treatments', 'events', 'events.astdt') }}
    left join special_interest
        on upper(events.aedecod) = special_interest.term

),

final as (

    select
        studyid,
        usubjid,
        trial_siteid as siteid,
        trta,
        aeterm,
        aedecod,
        aebodsys,
        aesev,
        aeser,
        aerel,
        aeout,
        aesi,
        case when trtemfl = 'Y' then case when startfl = 'Y' then 'STARTED' else 'WORSENED' end end as emergent_reason,
        aestdtc as astdtc,
        aeendtc as aendtc,
        'AE' as srcdom,
        delivery_id,
        source_file,
        {{ study_day('astdt', 'rfstdt') }} as astdy,
        {{ study_day('aendt', 'rfstdt') }} as aendy,
        cast(dose_number as integer) as dose_number,
        days_since_dose,
        srcseq,
        trtemfl,
        astdtf,
        aendtf,
        astdt,
        aendt
    from timed

)

select * from final
