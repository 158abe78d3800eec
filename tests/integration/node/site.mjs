// Where service and Moodle are, said by the environment, and the two dialects in which callers name them.
import { createHash } from 'node:crypto';

export const SERVICE = process.env.SERVICE_URL;
/** The sandbox as the service reaches it, and as this process does. */
export const MOODLE = process.env.MOODLE_URL;
export const MOODLE_FROM_HERE = process.env.MOODLE_URL_FROM_HERE;
/** A site that answers HTML. */
export const HTML = process.env.HTML_URL;
/** A token with many functions, and one with the five published ones alone. */
export const TOKEN = process.env.MOODLE_TOKEN;
export const MINIMUM = process.env.MOODLE_TOKEN_MINIMUM;

/** The seeded course, and the course-module ids of assignments of it. */
export const COURSE = 2;
export const ESSAY = 8;
export const NOBODY_SUBMITTED = 10;

export const TRANSPORTS = {
  'polling and then WebSocket': {},
  'polling alone': { transports: ['polling'] },
  'WebSocket alone': { transports: ['websocket'] },
};

const credentials = (token) => ({ url: MOODLE, apiKey: token });

/** Payloads for a course or an assignment, in the words of the documentation and in those of older callers. */
export const DIALECTS = {
  documented: {
    ids: (ids, token = TOKEN) => ({ ...ids, options: credentials(token) }),
    files: (files, token) => ({ fileUrls: files.map((file) => file.fileurl), ...(token && { options: credentials(token) }) }),
    feedback: (items) => ({ feedback: items }),
    submissions: 'getSubmissionsInfosFromAssignment',
    download: 'downloadSubmissionsFromUser',
  },
  older: {
    ids: (ids, token = TOKEN) => ({
      options: {
        apiUrl: ` ${MOODLE}/webservice/rest/server.php `,
        token,
        ...Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, String(id)])),
      },
    }),
    files: (files) => ({ submission_infos: files.map(({ filename, fileurl }) => ({ filename, fileurl })) }),
    feedback: (items) => ({ feedback_data: items }),
    submissions: 'getSubmissionInfosFromAssignment',
    download: 'downloadSubmissionsFromUrl',
  },
};

export const payload = (ids, token = TOKEN) => DIALECTS.documented.ids(ids, token);

/** Every submitted file of an assignment, as the service lists them. */
export async function filesOf(platform, assignmentID = ESSAY) {
  const rows = await platform.call('getSubmissionsInfosFromAssignment', payload({ courseID: COURSE, assignmentID }));
  return rows.flatMap((row) => row.files);
}

/** The bytes of a file and their SHA-1 as Moodle says it, fetched without the service. */
export async function original(fileurl) {
  const url = new URL(fileurl);
  url.search = '';
  const path = url.href.slice(new URL(MOODLE).href.length);
  const response = await fetch(new URL(path, new URL(MOODLE_FROM_HERE)), {
    method: 'POST',
    body: new URLSearchParams({ token: TOKEN }),
  });
  return { bytes: Buffer.from(await response.arrayBuffer()), sha1: response.headers.get('etag').replaceAll('"', '') };
}

export const sha1 = (bytes) => createHash('sha1').update(bytes).digest('hex');
