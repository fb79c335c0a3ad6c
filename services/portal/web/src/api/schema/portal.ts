// Made by npm run generate from docs/api/portal.json; not written by hand.
export interface paths {
    "/api/deadlines": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Clocks that run, over all services */
        get: operations["GetDeadlines"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/inbox": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the caller can do now, over all services */
        get: operations["GetInbox"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is signed in in this browser */
        get: operations["GetSession"];
        put?: never;
        /** Sign in; the answer's cookie is the session */
        post: operations["SignIn"];
        /** End the session here and at the identity service */
        delete: operations["SignOut"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/session/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Replace the caller's password; its sessions elsewhere end */
        put: operations["ChangePassword"];
        post?: never;
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
        AuthnPrincipal: {
            district?: string;
            name?: string;
            on_behalf_of?: string;
            parent_unit?: string;
            roles?: string[] | null;
            sub?: string;
            unit?: string;
            unit_kind?: string;
        };
        FaultViolation: {
            basis?: string[];
            code?: string;
            field?: string;
            message?: string;
            message_en?: string;
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
        PortalChangePassword: {
            current_password: string;
            new_password: string;
        };
        PortalDeadline: {
            basis?: string[] | null;
            due_on?: string;
            id?: string;
            met_on?: string;
            obligation?: string;
            project_id?: string;
            provisional?: boolean;
            service?: string;
            state?: string;
            trigger_on?: string;
            unit?: string;
        };
        PortalDeadlines: {
            items?: components["schemas"]["PortalDeadline"][] | null;
            today?: string;
            unavailable?: string[] | null;
        };
        PortalInbox: {
            items?: components["schemas"]["PortalTask"][] | null;
            today?: string;
            unavailable?: string[] | null;
        };
        PortalSigned: {
            csrf_token?: string;
            must_change_password?: boolean;
            principal?: components["schemas"]["AuthnPrincipal"];
            services?: string[] | null;
            today?: string;
        };
        PortalSignIn: {
            account: string;
            on_behalf_of?: string;
            password: string;
        };
        PortalTask: {
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
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    GetDeadlines: {
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
                    "application/json": components["schemas"]["PortalDeadlines"];
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
    GetInbox: {
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
                    "application/json": components["schemas"]["PortalInbox"];
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
    GetSession: {
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
                    "application/json": components["schemas"]["PortalSigned"];
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
    SignIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PortalSignIn"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PortalSigned"];
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
    SignOut: {
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
                content?: never;
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
    ChangePassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["PortalChangePassword"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PortalSigned"];
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
