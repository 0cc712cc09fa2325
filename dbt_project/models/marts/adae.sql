with events as (

    select * from {{ ref('int_adverse_events_dated') }}

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

timed as (

    select
        events.*,
        treatments.trta,
        subjects.trtsdt,
        subjects.saffl,
        coalesce(subjects.siteid, events.siteid) as trial_siteid,
        {{ days_between('doses.adt', 'events.astdt') }} as days_since_dose
    from events
    left join doses
        on {{ is_last_dose_before('doses', 'events', 'events.astdt') }}
    left join treatments
        on {{ is_treated_on('treatments', 'events', 'events.astdt') }}
    left join subjects
        on events.usubjid = subjects.usubjid

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
        aestdtc as astdtc,
        aeendtc as aendtc,
        'AE' as srcdom,
        delivery_id,
        source_file,
        {{ study_day('astdt', 'trtsdt') }} as astdy,
        {{ study_day('aendt', 'trtsdt') }} as aendy,
        days_since_dose,
        srcseq,
        -- A start that is known in part counts as treatment-emergent unless its known part, or the end, rules it out.
        case
            when trtsdt is null then 'N'
            when {{ known_part_is_before('known_start', 'trtsdt') }} then 'N'
            when coalesce(known_start, '') = '' and {{ known_part_is_before('known_end', 'trtsdt') }} then 'N'
            else 'Y'
        end as trtemfl,
        astdtf,
        aendtf,
        astdt,
        aendt
    from timed

)

select * from final
