with subjects as (

    select * from {{ ref('stg_landed__subjects') }}

),

treatments as (

    select * from {{ ref('int_treatments_allocated') }}

),

randomisations as (

    select * from {{ ref('int_arms_randomised') }}

),

doses as (

    select * from {{ ref('int_doses_numbered') }}

),

endings as (

    select * from {{ ref('int_participations_ended') }}

),

settings as (

    select * from {{ source('study', 'settings') }}

),

-- Without a single disposition record in the study nobody can be called ongoing.
study_dispositions as (

    select count(*) as recorded from {{ ref('stg_landed__dispositions') }}

),

sequences as (

    select
        usubjid,
        max(case when aperiod = 1 then planned_arm end) as trt01p,
        max(case when aperiod = 1 then actual_arm end) as trt01a,
        max(case when aperiod = 1 and is_whole_study then trta end) as trta,
        string_agg(case when not is_whole_study then trta end, '-' order by aperiod) as trtseqp,
        count(planned_arm) as arms_allocated
    from treatments
    group by usubjid

),

dosing as (

    select
        usubjid,
        count(*) as doses,
        min(adt) as trtsdt,
        max(coalesce(exendt, adt)) as trtedt
    from doses
    group by usubjid

),

final as (

    select
        subjects.usubjid,
        sequences.trt01p,
        sequences.trt01a,
        sequences.trta,
        case when settings.blinded and sequences.trtseqp is not null then 'BLINDED' else sequences.trtseqp end
            as trtseqp,
        coalesce(endings.eosstt, case when study_dispositions.recorded > 0 then 'ONGOING' else 'UNKNOWN' end) as eosstt,
        endings.dcsreas,
        coalesce(dosing.doses, 0) as doses,
        {{ flag("subjects.icdt is not null or subjects.rficdtc is not null or randomisations.usubjid is not null"
            " or sequences.arms_allocated > 0 or dosing.usubjid is not null") }} as enrlfl,
        {{ flag("randomisations.usubjid is not null or coalesce(sequences.arms_allocated, 0) > 0") }} as randfl,
        {{ flag("dosing.usubjid is not null") }} as saffl,
        randomisations.randdt,
        dosing.trtsdt,
        dosing.trtedt,
        endings.eosdt
    from subjects
    cross join settings
    cross join study_dispositions
    left join sequences on subjects.usubjid = sequences.usubjid
    left join randomisations on subjects.usubjid = randomisations.usubjid
    left join dosing on subjects.usubjid = dosing.usubjid
    left join endings on subjects.usubjid = endings.usubjid

)

select * from final
