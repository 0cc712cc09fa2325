with source as (

    select * from {{ source('landed', 'dm') }}

),

ranked as (

    select
        *,
        row_number() over (
            partition by usubjid
            order by delivery_rank desc, _source_row desc, _record desc
        ) as restatement
    from source

),

final as (

    select
        studyid,
        siteid,
        usubjid,
        sex,
        race,
        ethnic,
        country,
        dx,
        stratum,
        -- SDTM's own file has the arm's code beside its name; a layout's columns give the code as the arm.
        coalesce(armcd, arm) as arm,
        coalesce(actarmcd, actarm) as actarm,
        rficdtc,
        dthdtc,
        _delivery_id as delivery_id,
        _source_file as source_file,
        cast(age as integer) as age,
        _source_row as srcseq,
        {{ full_date('rficdtc') }} as icdt,
        {{ full_date('dthdtc') }} as dthdt
    from ranked
    where restatement = 1

)

select * from final
