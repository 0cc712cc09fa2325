-- The protocol version that each subject follows, and the date that its study days count from.
with subjects as (

    select * from {{ ref('stg_landed__subjects') }}

),

randomisations as (

    select * from {{ ref('int_arms_randomised') }}

),

doses as (

    select * from {{ ref('int_doses_numbered') }}

),

versions as (

    select * from {{ source('study', 'versions') }}

),

settings as (

    select * from {{ source('study', 'settings') }}

),

first_doses as (

    select
        usubjid,
        min(adt) as first_dose_date
    from doses
    group by usubjid

),

reached as (

    select
        subjects.usubjid,
        subjects.siteid,
        {{ milestone_date('settings.version_by') }} as version_date,
        coalesce(
            {{ milestone_date('settings.day_one') }},
            {{ milestone_date('settings.day_one_second') }},
            {{ milestone_date('settings.day_one_third') }}
        ) as day_one_date
    from subjects
    cross join settings
    left join randomisations on subjects.usubjid = randomisations.usubjid
    left join first_doses on subjects.usubjid = first_doses.usubjid

),

-- The last version in force at the subject's site on its date; without a date, or a site of the study, the first one.
followed as (

    select
        reached.usubjid,
        reached.day_one_date,
        versions.version,
        row_number() over (partition by reached.usubjid order by versions.version_number desc nulls last) as candidate
    from reached
    left join versions
        on
            versions.version_number = 0
            or (reached.siteid = versions.siteid and reached.version_date >= versions.from_date)

),

final as (

    select
        usubjid,
        version as protocol_version,
        day_one_date
    from followed
    where candidate = 1

)

select * from final
