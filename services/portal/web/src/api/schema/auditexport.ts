// Made by npm run generate from docs/api/auditexport.json; not written by hand.
export interface paths {
    "/v1/audit-cases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Audit cases the caller may see, newest first
         * @description Roles: auditor, declarer, supervisor, secretary, finance_officer, procurement_officer
         */
        get: operations["ListAuditCases"];
        put?: never;
        /**
         * Look into something, from red flags or freely
         * @description Roles: auditor
         */
        post: operations["OpenAuditCase"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit-cases/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One audit case with its questions, answers and orders
         * @description Roles: auditor, declarer, supervisor, secretary, finance_officer, procurement_officer
         */
        get: operations["GetAuditCase"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit-cases/{id}/answer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Answer the question that waits
         * @description Roles: declarer, supervisor, secretary, finance_officer, procurement_officer
         */
        post: operations["AnswerAuditQuestion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit-cases/{id}/attachments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Hand over one paper; the body is the file
         * @description Roles: declarer, supervisor, secretary, finance_officer, procurement_officer
         */
        post: operations["AttachAuditPaper"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit-cases/{id}/attachments/{sha256}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read one paper of a case
         * @description Roles: auditor, declarer, supervisor, secretary, finance_officer, procurement_officer
         */
        get: operations["GetAuditPaper"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit-cases/{id}/conclusion": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say what came of the case; a serious one goes to a second auditor
         * @description Roles: auditor
         */
        post: operations["ConcludeAuditCase"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit-cases/{id}/conclusion/confirm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Close a serious case as a second auditor
         * @description Roles: auditor
         */
        post: operations["ConfirmAuditConclusion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit-cases/{id}/conclusion/return": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a conclusion back as a second auditor
         * @description Roles: auditor
         */
        post: operations["ReturnAuditConclusion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit-cases/{id}/questions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask the audited unit; the rules say by when it answers
         * @description Roles: auditor
         */
        post: operations["AskAuditQuestion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit-cases/{id}/rectifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Have something put right by a day
         * @description Roles: auditor
         */
        post: operations["OrderAuditRectification"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit-cases/{id}/rectifications/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What the unit did about the order that waits
         * @description Roles: declarer, supervisor, secretary, finance_officer, procurement_officer
         */
        post: operations["ReportAuditRectification"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit-cases/{id}/rectifications/review": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Whether an order is carried out
         * @description Roles: auditor
         */
        post: operations["ReviewAuditRectification"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit-cases/{id}/withholdings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Put on record that material was refused or concealed
         * @description Roles: auditor
         */
        post: operations["RecordWithholding"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dead-letters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Facts that consumers of this service gave up on, the oldest first
         * @description Roles: operator, auditor
         */
        get: operations["ListDeadLetters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dead-letters/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One fact that a consumer gave up on
         * @description Roles: operator, auditor
         */
        get: operations["GetDeadLetter"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dead-letters/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Have a fact that a consumer gave up on tried again; what waits behind it follows
         * @description Roles: operator
         */
        post: operations["RetryDeadLetter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/dead-letters/{id}/skip": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a fact up for good: what waits behind it goes on without its effects
         * @description Roles: operator
         */
        post: operations["SkipDeadLetter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/deadlines": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Statutory clocks kept by this service */
        get: operations["ListDeadlines"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/exports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The bundles asked for, newest first
         * @description Roles: auditor
         */
        get: operations["ListExports"];
        put?: never;
        /**
         * Ask for a bundle of a project, a time or the whole ledger; it is written in the background
         * @description Roles: auditor
         */
        post: operations["MakeExport"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/exports/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What is on record of one bundle, and how far its file has got
         * @description Roles: auditor
         */
        get: operations["GetExport"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/exports/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a bundle up and remove what there is of its file
         * @description Roles: auditor
         */
        post: operations["CancelExport"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/exports/{id}/file": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The bundle's ZIP archive; with Range, the rest of one whose beginning is there
         * @description Roles: auditor
         */
        get: operations["TakeExport"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/exports/{id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let the writing of a bundle rest
         * @description Roles: auditor
         */
        post: operations["PauseExport"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/exports/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Go on with a bundle that rests, or write one again whose file is gone
         * @description Roles: auditor
         */
        post: operations["ResumeExport"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/ledger": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Rows of the ledger, ascending, by any of what they say; as JSON lines without a bound when asked for (format=jsonl, or Accept: application/x-ndjson); the query itself becomes a row
         * @description Roles: auditor
         */
        get: operations["QueryLedger"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/ledger/checkpoint": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where the ledger stands, its newest signed checkpoint and its keys */
        get: operations["GetCheckpoint"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/ledger/proof": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * An RFC 6962 inclusion or consistency proof
         * @description Roles: auditor
         */
        get: operations["ProveRow"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/ledger/rows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All rows behind one, as JSON lines under a signed closing line
         * @description Roles: auditor
         */
        get: operations["StreamRows"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{id}/archive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask for the package in which a closed project is handed to its unit's archive
         * @description Roles: auditor
         */
        post: operations["ArchiveProject"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{id}/as-of": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the ledger's facts said of a project at an instant, each value with its row
         * @description Roles: auditor
         */
        get: operations["GetProjectAsOf"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{id}/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What differs between a project at two instants, with the rows of both sides
         * @description Roles: auditor
         */
        get: operations["ListProjectChanges"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{id}/ledger": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Rows about one project, ascending
         * @description Roles: auditor
         */
        get: operations["QueryProject"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/red-flags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the ledger's facts raise for auditors to look into, newest first
         * @description Roles: auditor
         */
        get: operations["ListRedFlags"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/red-flags/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One red flag with its rule, its figures and the rows of the ledger it rests on
         * @description Roles: auditor
         */
        get: operations["GetRedFlag"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/seal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The key by which anyone checks the seals of this service */
        get: operations["GetSeal"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the caller can do now in this service */
        get: operations["ListTasks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/verifications/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What a check of the live ledger found, or how far it has come
         * @description Roles: auditor
         */
        get: operations["GetVerification"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Recompute the live ledger and hold it against its checkpoint; a short one at once, of a long one ask again how far it has come
         * @description Roles: auditor
         */
        post: operations["VerifyLedger"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        AttachmentDocument: {
            attached_by?: string;
            item?: string;
            key?: string;
            media_type?: string;
            name?: string;
            sha256?: string;
            /** Format: int64 */
            size_bytes?: number;
            sm3?: string;
        };
        AuditcaseAnswer: {
            answer?: string;
            answered_by?: string;
            answered_on?: string;
            documents?: components["schemas"]["AttachmentDocument"][] | null;
            late?: boolean;
            signature?: components["schemas"]["V1Signature"];
        };
        AuditcaseAnswerQuestion: {
            answer: string;
            documents?: string[] | null;
            refuses?: boolean;
        };
        AuditcaseAskQuestion: {
            material?: string[] | null;
            question: string;
        };
        AuditcaseCase: {
            audited_unit?: string;
            conclusion?: components["schemas"]["AuditcaseConclusion"];
            /** Format: date-time */
            created_at?: string;
            deadlines?: components["schemas"]["Deadline"][];
            flags?: string[] | null;
            id?: string;
            opened_by?: string;
            overdue?: boolean;
            pack?: string;
            papers?: components["schemas"]["AttachmentDocument"][] | null;
            parties?: string[] | null;
            project_id?: string;
            projects?: string[] | null;
            questions?: components["schemas"]["AuditcaseQuestion"][] | null;
            reason?: string;
            rectifications?: components["schemas"]["AuditcaseRectification"][] | null;
            returned?: components["schemas"]["AuditcaseReturn"][];
            serious?: boolean;
            signature?: components["schemas"]["V1Signature"];
            state?: string;
            title?: string;
            todo?: components["schemas"]["Todo"][];
            unit?: string;
            /** Format: date-time */
            updated_at?: string;
            /** Format: int64 */
            version?: number;
            withheld?: components["schemas"]["AuditcaseWithholding"][] | null;
        };
        AuditcaseConcludeCase: {
            conclusion: string;
            /** @enum {string} */
            outcome: "unfounded" | "explained" | "rectified" | "referred";
        };
        AuditcaseConclusion: {
            concluded_by?: string;
            concluded_on?: string;
            conclusion?: string;
            confirmed_by?: string;
            confirmed_on?: string;
            outcome?: string;
            signature?: components["schemas"]["V1Signature"];
        };
        AuditcaseOpenCase: {
            flags?: string[] | null;
            projects?: string[] | null;
            reason: string;
            serious?: boolean;
            title: string;
            unit?: string;
        };
        AuditcaseOrderRectification: {
            due_on: string;
            order: string;
        };
        AuditcaseQuestion: {
            answer?: components["schemas"]["AuditcaseAnswer"];
            asked_by?: string;
            asked_on?: string;
            due_on?: string;
            id?: string;
            material?: string[] | null;
            question?: string;
            signature?: components["schemas"]["V1Signature"];
        };
        AuditcaseRecordWithholding: {
            /** @enum {string} */
            manner: "refused" | "concealed";
            question_id: string;
            statement: string;
        };
        AuditcaseRectification: {
            carried_out?: boolean;
            due_on?: string;
            id?: string;
            order?: string;
            ordered_by?: string;
            ordered_on?: string;
            reports?: components["schemas"]["AuditcaseReport"][] | null;
            reviews?: components["schemas"]["AuditcaseReview"][] | null;
            signature?: components["schemas"]["V1Signature"];
        };
        AuditcaseReport: {
            documents?: components["schemas"]["AttachmentDocument"][] | null;
            late?: boolean;
            report?: string;
            reported_by?: string;
            reported_on?: string;
            signature?: components["schemas"]["V1Signature"];
        };
        AuditcaseReportRectification: {
            documents?: string[] | null;
            report: string;
        };
        AuditcaseReturn: {
            conclusion?: components["schemas"]["AuditcaseConclusion"];
            reason?: string;
            returned_by?: string;
            returned_on?: string;
        };
        AuditcaseReturnConclusion: {
            reason: string;
        };
        AuditcaseReview: {
            carried_out?: boolean;
            due_on?: string;
            remark?: string;
            reviewed_by?: string;
            reviewed_on?: string;
            signature?: components["schemas"]["V1Signature"];
        };
        AuditcaseReviewRectification: {
            carried_out: boolean;
            due_on?: string;
            remark: string;
        };
        AuditcaseWithholding: {
            manner?: string;
            question_id?: string;
            recorded_by?: string;
            recorded_on?: string;
            signature?: components["schemas"]["V1Signature"];
            statement?: string;
        };
        AuditexportAttachmentFromFact: {
            /** Format: date-time */
            at?: string;
            name?: string;
            /** Format: int64 */
            seq?: number;
            sha256?: string;
            sm3?: string;
            type?: string;
        };
        AuditexportDeadlineFrom: {
            /** Format: date-time */
            at?: string;
            basis?: string[] | null;
            due_on?: string;
            id?: string;
            obligation?: string;
            /** Format: int64 */
            seq?: number;
            /** Format: int64 */
            set_seq?: number;
            state?: string;
            unit?: string;
        };
        AuditexportDecisionFrom: {
            actor?: string;
            /** Format: int64 */
            approved_fen?: number;
            /** Format: date-time */
            at?: string;
            basis?: string[] | null;
            outcome?: string;
            reason?: string;
            /** Format: int64 */
            seq?: number;
            type?: string;
            unit?: string;
        };
        AuditexportExport: {
            by?: components["schemas"]["BundleAuthor"];
            /** Format: int64 */
            bytes?: number;
            checkpoint?: string;
            /** Format: int64 */
            checkpoint_size?: number;
            contradicts_sha256?: string;
            /** Format: date-time */
            created_at?: string;
            deadlines?: components["schemas"]["Deadline"][];
            /** Format: int64 */
            first_seq?: number;
            formats?: string[] | null;
            from?: string;
            id?: string;
            keys?: components["schemas"]["CheckpointKeys"];
            /** Format: int64 */
            last_seq?: number;
            notices?: string[];
            package?: string;
            parties?: string[] | null;
            /** Format: int64 */
            previous_size?: number;
            project?: string;
            project_id?: string;
            /** Format: int64 */
            rows?: number;
            sha256?: string;
            state?: string;
            to?: string;
            todo?: components["schemas"]["Todo"][];
            unit?: string;
            /** Format: date-time */
            updated_at?: string;
            /** Format: int64 */
            version?: number;
            why?: string;
            without_attachments?: boolean;
        };
        AuditexportExportStatus: {
            by?: components["schemas"]["BundleAuthor"];
            /** Format: int64 */
            bytes?: number;
            checkpoint?: string;
            /** Format: int64 */
            checkpoint_size?: number;
            contradicts_sha256?: string;
            /** Format: date-time */
            created_at?: string;
            deadlines?: components["schemas"]["Deadline"][];
            /** Format: int64 */
            first_seq?: number;
            formats?: string[] | null;
            from?: string;
            id?: string;
            keys?: components["schemas"]["CheckpointKeys"];
            /** Format: int64 */
            last_seq?: number;
            notices?: string[];
            package?: string;
            parties?: string[] | null;
            /** Format: int64 */
            previous_size?: number;
            progress?: components["schemas"]["AuditexportProgress"];
            project?: string;
            project_id?: string;
            /** Format: int64 */
            rows?: number;
            sha256?: string;
            state?: string;
            to?: string;
            todo?: components["schemas"]["Todo"][];
            unit?: string;
            /** Format: date-time */
            updated_at?: string;
            /** Format: int64 */
            version?: number;
            why?: string;
            without_attachments?: boolean;
        };
        AuditexportFenFrom: {
            /** Format: date-time */
            at?: string;
            /** Format: int64 */
            seq?: number;
            /** Format: int64 */
            value?: number;
        };
        AuditexportMakeExport: {
            formats?: string[] | null;
            from?: string;
            /** Format: int64 */
            previous_size?: number;
            project?: string;
            to?: string;
            without_attachments?: boolean;
        };
        AuditexportPartyFrom: {
            facts?: number;
            /** Format: int64 */
            first_seq?: number;
            /** Format: int64 */
            last_seq?: number;
            name?: string;
        };
        AuditexportProgress: {
            /** Format: int64 */
            bytes?: number;
            /** Format: int64 */
            claims?: number;
            /** Format: date-time */
            expires_at?: null | string;
            held?: boolean;
            /** Format: int64 */
            rows_done?: number;
            /** Format: int64 */
            rows_total?: number;
            stage?: string;
            writing?: boolean;
        };
        AuditexportProgressed: {
            /** Format: int64 */
            rows_done?: number;
            /** Format: int64 */
            rows_total?: number;
        };
        AuditexportProjectView: {
            amounts?: {
                [key: string]: components["schemas"]["AuditexportFenFrom"];
            } | null;
            /** Format: date-time */
            as_of?: string;
            attachments?: components["schemas"]["AuditexportAttachmentFromFact"][] | null;
            deadlines?: components["schemas"]["AuditexportDeadlineFrom"][] | null;
            decisions?: components["schemas"]["AuditexportDecisionFrom"][] | null;
            facts?: number;
            /** Format: int64 */
            first_seq?: number;
            /** Format: int64 */
            last_seq?: number;
            /** Format: int64 */
            ledger_rows?: number;
            people?: components["schemas"]["AuditexportPartyFrom"][] | null;
            project?: string;
            units?: components["schemas"]["AuditexportPartyFrom"][] | null;
            unreadable?: number;
            values?: {
                [key: string]: components["schemas"]["AuditexportTextFrom"];
            } | null;
        };
        AuditexportProof: {
            checkpoint?: string;
            /** Format: int64 */
            consistent_from?: number;
            hashes?: string[] | null;
            leaf?: string;
            /** Format: int64 */
            seq?: number;
            /** Format: int64 */
            size?: number;
        };
        AuditexportRefusal: {
            /** Format: date-time */
            at?: string;
            code?: string;
            detail?: string;
            /** Format: int64 */
            size?: number;
        };
        AuditexportRow: {
            actor?: string;
            /** Format: date-time */
            at?: string;
            broken?: boolean;
            chain?: string;
            chained?: boolean;
            event_id?: string;
            raw?: string;
            /** Format: int64 */
            seq?: number;
            service?: string;
            signed?: boolean;
            subject?: string;
            trace_id?: string;
            type?: string;
            unit?: string;
        };
        AuditexportRows: {
            /** Format: int64 */
            after_seq?: number;
            /** Format: int64 */
            checkpoint_rows?: number;
            cursor?: string;
            /** Format: int64 */
            indexed_to?: number;
            items?: components["schemas"]["AuditexportRow"][] | null;
            /** Format: int64 */
            ledger_rows?: number;
            total?: components["schemas"]["AuditexportTotal"];
        };
        AuditexportStanding: {
            chain?: string;
            checkpoint?: string;
            /** Format: int64 */
            cosigned_rows?: number;
            keys?: unknown;
            late?: string[] | null;
            root?: string;
            /** Format: int64 */
            rows?: number;
            sm3_chain?: string;
            witnesses?: components["schemas"]["AuditexportWitnessStanding"][] | null;
        };
        AuditexportTextFrom: {
            /** Format: date-time */
            at?: string;
            /** Format: int64 */
            seq?: number;
            value?: string;
        };
        AuditexportTotal: {
            exact?: boolean;
            rows?: number;
        };
        AuditexportVerification: {
            checkpoint?: string;
            detail?: string;
            error_code?: string;
            /** Format: int64 */
            first_bad_seq?: number;
            id?: string;
            ok?: boolean;
            progress?: components["schemas"]["AuditexportProgressed"];
            /** Format: int64 */
            rows?: number;
            state?: string;
            why?: string;
        };
        AuditexportViewDiff: {
            changes?: components["schemas"]["AuditexportViewEntry"][] | null;
            facts?: number;
            /** Format: date-time */
            from?: string;
            project?: string;
            /** Format: date-time */
            to?: string;
        };
        AuditexportViewEntry: {
            after?: string;
            /** Format: int64 */
            after_seq?: number;
            before?: string;
            /** Format: int64 */
            before_seq?: number;
            path?: string;
        };
        AuditexportWitnessStanding: {
            /** Format: date-time */
            cosigned_at?: string;
            refusal?: components["schemas"]["AuditexportRefusal"];
            /** Format: int64 */
            rows?: number;
            service?: string;
            unit?: string;
        };
        BundleAuthor: {
            actor?: string;
            name?: string;
            unit?: string;
        };
        CalendarPeriod: {
            months?: number;
            until?: string;
            working_days?: number;
        };
        CheckpointKey: {
            from_size?: number;
            role?: string;
            unit?: string;
            until_size?: number;
            vkey?: string;
        };
        CheckpointKeys: {
            events?: components["schemas"]["SignKeySet"];
            keys?: components["schemas"]["CheckpointKey"][] | null;
            origin?: string;
            quorum?: number;
        };
        Deadline: {
            basis?: string[] | null;
            calendar?: string;
            due_on?: string;
            id?: string;
            met_on?: string;
            moved_from?: string;
            obligation?: string;
            pauses?: components["schemas"]["Pause"][];
            period?: components["schemas"]["CalendarPeriod"];
            provisional?: boolean;
            reason?: string;
            state?: string;
            trigger_on?: string;
            unit?: string;
            warn_before?: number;
            warn_on?: string;
        };
        FaultViolation: {
            basis?: string[];
            code?: string;
            field?: string;
            message?: string;
            message_en?: string;
        };
        HttpapiRows: {
            /** Format: int64 */
            after_seq?: number;
            /** Format: int64 */
            checkpoint_rows?: number;
            cursor?: string;
            /** Format: int64 */
            indexed_to?: number;
            items?: components["schemas"]["AuditexportRow"][] | null;
            /** Format: int64 */
            ledger_rows?: number;
            total?: components["schemas"]["AuditexportTotal"];
        };
        ModuleDeadLetter: {
            attempts?: number;
            blocks?: boolean;
            bytes?: number;
            consumer?: string;
            error?: string;
            event_id?: string;
            /** Format: date-time */
            held_at?: string;
            /** Format: int64 */
            id?: number;
            /** Format: date-time */
            recorded_at?: string;
            /** Format: int64 */
            seq?: number;
            sha256?: string;
            source?: string;
            subject?: string;
            type?: string;
        };
        ModuleDeadLetters: {
            items?: components["schemas"]["ModuleDeadLetter"][] | null;
            next_page_token?: string;
        };
        ModuleDeadlines: {
            items?: components["schemas"]["StoreDeadlineRow"][] | null;
        };
        ModuleSealKey: {
            alg?: string;
            holder?: string;
            key_id?: string;
            public_key?: string;
        };
        ModuleSkipDeadLetter: {
            reason?: string;
        };
        ModuleTasks: {
            items?: components["schemas"]["StoreTask"][] | null;
        };
        OpProblem: {
            basis?: string[] | null;
            code?: string;
            status?: number;
            title?: string;
            title_en?: string;
            type?: string;
            violations?: components["schemas"]["FaultViolation"][] | null;
        };
        PageOfEgovServicesAuditexportAuditcaseCase: {
            items?: components["schemas"]["AuditcaseCase"][] | null;
            next_page_token?: string;
        };
        PageOfEgovServicesAuditexportExport: {
            items?: components["schemas"]["AuditexportExport"][] | null;
            next_page_token?: string;
        };
        Pause: {
            from?: string;
            reason?: string;
            to?: string;
        };
        RedflagEvidence: {
            actor?: string;
            /** Format: int64 */
            amount_fen?: number;
            /** Format: date-time */
            at?: string;
            day?: string;
            event_id?: string;
            project_id?: string;
            /** Format: int64 */
            seq?: number;
            shows?: components["schemas"]["RedflagText"];
            type?: string;
            unit?: string;
        };
        RedflagFigure: {
            name?: string;
            unit?: string;
            /** Format: int64 */
            value?: number;
        };
        RedflagFlag: {
            /** Format: int64 */
            amount_fen?: number;
            audited_unit?: string;
            cases?: string[] | null;
            code?: string;
            /** Format: date-time */
            created_at?: string;
            deadlines?: components["schemas"]["Deadline"][];
            evidence?: components["schemas"]["RedflagEvidence"][] | null;
            explanation?: components["schemas"]["RedflagText"];
            id?: string;
            likeness?: components["schemas"]["RedflagLikeness"][];
            /** Format: int64 */
            limit_fen?: number;
            parties?: string[] | null;
            project_id?: string;
            projects?: string[] | null;
            /** Format: date-time */
            raised_at?: string;
            revisions?: number;
            rule?: components["schemas"]["RedflagRule"];
            scope?: string;
            severity?: string;
            state?: string;
            times?: number;
            title?: string;
            title_en?: string;
            todo?: components["schemas"]["Todo"][];
            unit?: string;
            /** Format: date-time */
            updated_at?: string;
            /** Format: int64 */
            version?: number;
            withdrawn?: components["schemas"]["RedflagWithdrawal"];
        };
        RedflagLikeness: {
            common?: string[] | null;
            core_a?: string;
            core_b?: string;
            pairs_a?: number;
            pairs_b?: number;
            project_a?: string;
            project_b?: string;
            /** Format: int64 */
            score_bp?: number;
            shared?: number;
            title_a?: string;
            title_b?: string;
        };
        RedflagPage: {
            items?: components["schemas"]["RedflagFlag"][] | null;
            next_page_token?: string;
        };
        RedflagRule: {
            basis?: string[] | null;
            condition?: string;
            detector?: string;
            figures?: components["schemas"]["RedflagFigure"][] | null;
            pack?: string;
            pack_version?: string;
            strength?: string;
            why?: components["schemas"]["RedflagText"];
        };
        RedflagText: {
            en?: string;
            zh?: string;
        };
        RedflagWithdrawal: {
            /** Format: int64 */
            after_seq?: number;
            /** Format: date-time */
            at?: string;
            reason?: components["schemas"]["RedflagText"];
        };
        SignKeySet: Record<string, never>;
        StoreDeadlineRow: {
            basis?: string[] | null;
            due_on?: string;
            id?: string;
            met_on?: string;
            moved_from?: string;
            obligation?: string;
            paused_since?: string;
            project_id?: string;
            provisional?: boolean;
            state?: string;
            trigger_on?: string;
            unit?: string;
        };
        StoreTask: {
            action?: string;
            collection?: string;
            due_on?: string;
            id?: string;
            project_id?: string;
            project_title?: string;
            service?: string;
            /** Format: date-time */
            since?: string;
            title?: string;
            unit?: string;
        };
        Todo: {
            account?: string;
            action?: string;
            role?: string;
            title?: string;
            unit?: string;
        };
        V1Signature: {
            alg?: string;
            key_id?: string;
            signed_at?: string;
            signer?: string;
            value?: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    ListAuditCases: {
        parameters: {
            query?: {
                page_size?: number;
                page_token?: string;
                serious?: string;
                state?: string;
                unit?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageOfEgovServicesAuditexportAuditcaseCase"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    OpenAuditCase: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["AuditcaseOpenCase"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditcaseCase"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    GetAuditCase: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditcaseCase"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    AnswerAuditQuestion: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["AuditcaseAnswerQuestion"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditcaseCase"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    AttachAuditPaper: {
        parameters: {
            query: {
                name: string;
            };
            header?: {
                "Content-Type"?: string;
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AttachmentDocument"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    GetAuditPaper: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                sha256: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ConcludeAuditCase: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["AuditcaseConcludeCase"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditcaseCase"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ConfirmAuditConclusion: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditcaseCase"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ReturnAuditConclusion: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["AuditcaseReturnConclusion"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditcaseCase"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    AskAuditQuestion: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["AuditcaseAskQuestion"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditcaseCase"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    OrderAuditRectification: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["AuditcaseOrderRectification"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditcaseCase"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ReportAuditRectification: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["AuditcaseReportRectification"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditcaseCase"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ReviewAuditRectification: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["AuditcaseReviewRectification"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditcaseCase"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    RecordWithholding: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["AuditcaseRecordWithholding"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditcaseCase"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ListDeadLetters: {
        parameters: {
            query?: {
                page_size?: number;
                page_token?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModuleDeadLetters"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    GetDeadLetter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModuleDeadLetter"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    RetryDeadLetter: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModuleDeadLetter"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    SkipDeadLetter: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ModuleSkipDeadLetter"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModuleDeadLetter"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ListDeadlines: {
        parameters: {
            query?: {
                project_id?: string;
                state?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModuleDeadlines"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ListExports: {
        parameters: {
            query?: {
                page_size?: number;
                page_token?: string;
                state?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageOfEgovServicesAuditexportExport"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    MakeExport: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["AuditexportMakeExport"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditexportExportStatus"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    GetExport: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditexportExportStatus"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    CancelExport: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditexportExportStatus"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    TakeExport: {
        parameters: {
            query?: never;
            header?: {
                "If-Range"?: string;
                Range?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    PauseExport: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditexportExportStatus"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ResumeExport: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditexportExportStatus"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    QueryLedger: {
        parameters: {
            query?: {
                actor?: string;
                after_seq?: number;
                amount_from?: number;
                amount_to?: number;
                count?: boolean;
                cursor?: string;
                format?: string;
                from?: string;
                limit?: number;
                project?: string;
                provision?: string;
                text?: string;
                to?: string;
                trace_id?: string;
                type?: string;
                unit?: string;
                up_to_seq?: number;
            };
            header?: {
                Accept?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HttpapiRows"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    GetCheckpoint: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditexportStanding"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ProveRow: {
        parameters: {
            query?: {
                consistent_from?: number;
                seq?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditexportProof"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    StreamRows: {
        parameters: {
            query?: {
                after_seq?: number;
                format?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ArchiveProject: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Created */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditexportExportStatus"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    GetProjectAsOf: {
        parameters: {
            query?: {
                date?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditexportProjectView"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ListProjectChanges: {
        parameters: {
            query?: {
                from?: string;
                to?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditexportViewDiff"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    QueryProject: {
        parameters: {
            query?: {
                after_seq?: number;
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditexportRows"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ListRedFlags: {
        parameters: {
            query?: {
                code?: string;
                from?: string;
                page_size?: number;
                page_token?: string;
                project?: string;
                severity?: string;
                state?: "raised" | "withdrawn";
                to?: string;
                unit?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RedflagPage"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    GetRedFlag: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RedflagFlag"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    GetSeal: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModuleSealKey"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    ListTasks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModuleTasks"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    GetVerification: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditexportVerification"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
    VerifyLedger: {
        parameters: {
            query?: never;
            header?: {
                /** @description The caller's name for this request. Sent again under it within a day, the request is answered as it was at first and not done twice; with another body it is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditexportVerification"];
                };
            };
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["OpProblem"];
                };
            };
        };
    };
}
