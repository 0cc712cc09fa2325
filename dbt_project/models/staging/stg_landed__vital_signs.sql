with source as (

    select * from {{ source('landed', 'vs') }}

),

ranked as (

    select
        *,
        -- A rank, not a row number: two rows of one delivery stay two rows, for landing's checks and the gate to judge.
        rank() over (
            partition by
                usubjid,
                vstestcd,
                visit,
                visitnum,
                vsdtc,
                vstpt,
                vstptnum,
                vspos,
                vscat,
                vsscat,
                vsspec,
                vsloc,
                vslat,
                vsdir,
                vsmethod,
                vseval,
                vsevalid,
                vsgrpid,
                vsspid,
                vsrefid,
                vsrepnum
            order by delivery_rank desc
        ) as restatement
    from source

),

final as (

    select
        studyid,
        usubjid,
        siteid,
        vstestcd,
        vstest,
        vsstresu,
        visit,
        vsdtc,
        vsstresn,
        _delivery_id as delivery_id,
        _source_file as source_file,
        delivery_rank,
        _source_row as srcseq,
        _record as record,
        vstpt as atpt,
        {{ qualifiers([
            'vspos', 'vsloc', 'vslat', 'vsdir', 'vsspec',
            'vsmethod', 'vseval', 'vsevalid', 'vsgrpid', 'vsrepnum'
        ]) }} as qualifiers,
        {{ full_date('vsdtc') }} as adt
    from ranked
    where restatement = 1

)

select * from final
